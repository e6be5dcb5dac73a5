using System.Security.Cryptography;
using System.Text;
using Alidade.Cli.Commands;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Toxicity;
using Alidade.Models;
using Alidade.Models.Encoders;
using Alidade.Models.Endpoints;
using Alidade.Models.Hub;

namespace Alidade.Cli.Evaluate;

/// <summary>The models of an evaluation: the one that is measured, and those that measure. What was opened is closed with it.</summary>
internal sealed class EvaluatedModels : IDisposable
{
    private static readonly string[] Kinds = ["*.safetensors", "*.json", "*.jinja", "*.model"];

    private readonly List<IDisposable> opened = [];
    private readonly List<HashedFile> files = [];
    private readonly string device;

    /// <summary>Opens everything.</summary>
    /// <exception cref="AlidadeException">One of them cannot be opened.</exception>
    public EvaluatedModels(EvaluateRequest request)
    {
        device = request.Device;
        try
        {
            Model = request.Endpoint is { } endpoint ? Remote(endpoint) : Local("model", request.Model!, request.Adapters, request.StoredWeights ? WeightStorage.AsStored : WeightStorage.Decoded);
            Instruments = new()
            {
                Judge = request.JudgeEndpoint is { } judge ? Remote(judge) : request.Judge is { } local ? Local("judge", local, [], WeightStorage.Decoded) : null,
                Toxicity = Encoder("toxicity model", request.ToxicityModel, SequenceClassifier.Load),
                ToxicityScorer = Scorer(request),
                Entailment = Encoder("entailment model", request.EntailmentModel, SequenceClassifier.Load),
                Masked = Encoder("masked model", request.MaskedModel, MaskedLM.Load),
                Sentences = Encoder("sentence encoder", request.SentenceEncoder, SentenceEncoder.Load),
            };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The model that is measured.</summary>
    public IEvaluatedModel Model { get; }

    /// <summary>The models that measure.</summary>
    public Instruments Instruments { get; }

    /// <summary>Every file that was read, with its hash.</summary>
    public IReadOnlyList<HashedFile> Files => files;

    public void Dispose()
    {
        foreach (var one in Enumerable.Reverse(opened))
            one.Dispose();
    }

    private ChatModel Remote(EndpointRequest request)
    {
        var options = new EndpointOptions
        {
            BaseUrl = AddressOf(request.Url),
            Model = request.Model,
            KeyVariable = request.KeyVariable,
            MaxConcurrency = request.Concurrency,
            RequestsPerMinute = request.RequestsPerMinute,
            TokensPerMinute = request.TokensPerMinute,
            InputPrice = request.InputPrice,
            OutputPrice = request.OutputPrice,
            CostCeiling = request.CostCeiling,
        };
        options.Validate();
        return new(Keep(new ModelEndpoint(options)));
    }

    private IToxicityScorer? Scorer(EvaluateRequest request)
    {
        if (new[] { request.ToxicityModel, request.ToxicityLexicon, request.Perspective }.Count(o => o is not null) > 1)
            throw new AlidadeException("give one of --toxicity-model, --toxicity-lexicon and --perspective: a number is made with one scorer");
        if (request.ToxicityLexicon is { } lexicon)
        {
            files.Add(HashedFile.Of("toxicity lexicon", lexicon));
            return LexiconScorer.Read(lexicon);
        }

        return request.Perspective is not { } perspective ? null : new PerspectiveScorer(Keep(new PerspectiveEndpoint(new()
        {
            BaseUrl = AddressOf(perspective),
            Model = "TOXICITY",
            KeyVariable = request.PerspectiveKeyVariable,
            KeyHeader = "X-Goog-Api-Key",
        })));
    }

    private static Uri AddressOf(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address) ? address : throw new AlidadeException($"'{url}' is no address; write it as http://127.0.0.1:8080/v1");

    private LocalModel Local(string role, string path, IReadOnlyList<string> adapters, WeightStorage weights)
    {
        var location = ModelLocation.Resolve(path);
        var model = Keep(CausalLM.Load(location, new() { Device = device, Weights = weights }));
        AdapterFolders.MergeInto(model, adapters);
        List<HashedFile> own = [.. Hashed(role, location), .. adapters.SelectMany(a => Hashed("adapter", AdapterFolders.FolderOf(a)))];
        files.AddRange(own);
        // How an adapter is weighed is part of what answers.
        var identity = string.Join('\n', [.. own.Select(f => $"{f.Role} {Path.GetFileName(f.Path)} {f.Sha256}"), .. adapters, model.DType.ToString(), model.Weights.ToString()]);
        return new(model, "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity))));
    }

    private T? Encoder<T>(string role, string? path, Func<string, LoadOptions, T> load)
        where T : class, IDisposable
    {
        if (path is null)
            return null;
        var location = ModelLocation.Resolve(path);
        var encoder = Keep(load(location, new() { Device = device }));
        files.AddRange(Hashed(role, location));
        return encoder;
    }

    private static IEnumerable<HashedFile> Hashed(string role, string path) => File.Exists(path)
        ? [HashedFile.Of(role, path)]
        : Kinds.SelectMany(k => Directory.EnumerateFiles(path, k)).Order(StringComparer.Ordinal).Select(f => HashedFile.Of(role, f));

    private T Keep<T>(T one)
        where T : IDisposable
    {
        opened.Add(one);
        return one;
    }
}
