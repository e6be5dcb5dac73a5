using System.CommandLine;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade model</c>: look at models, fetch and convert them.</summary>
internal static class ModelCommand
{
    public static Command Make() => new("model", "Look at models, fetch, convert and change them") { ModelInfoCommand.Make(), ModelPullCommand.Make(), ModelConvertCommand.Make(), ModelMergeCommand.Make() };
}
