#pragma warning disable
using TorchSharp; using static TorchSharp.torch; using Alidade.Core;
namespace Alidade.Models.Tokenizers { public sealed class StreamingDecoder { public string Push(int i)=>""; public string Flush()=>""; }
 public sealed class Tokenizer { public static Tokenizer FromFolder(string f)=>null!; public static Tokenizer FromGguf(IReadOnlyDictionary<string,object> m,string n)=>throw new NotBuiltException("x"); public string? ChatTemplateSource=>null; public int? EndOfText=>null; public int? BeginningOfText=>null; public int[] Encode(string s)=>[]; public StreamingDecoder CreateStream(bool skipSpecialTokens)=>new(); public void Save(string f){} } }
namespace Alidade.Models.Chat { public sealed class ChatTemplate { public string Source=>""; public static ChatTemplate Parse(string s,string n)=>null!; } }
namespace Alidade.Models.Functional { public readonly record struct TokenStatistics(Tensor Entropy, Tensor Correct, Tensor MeanLogit) { public TokenStatistics MoveToOuterDisposeScope()=>this; }
 public static class SelectedLogProbs { public static Tensor Of(Tensor h, Tensor w, Tensor t){ using var s=NewDisposeScope(); return nn.functional.log_softmax(nn.functional.linear(h,w),-1).gather(1,t.unsqueeze(1)).squeeze(1).MoveToOuterDisposeScope(); } public static (Tensor, TokenStatistics) WithStatistics(Tensor h, Tensor w, Tensor t)=>default; } }
