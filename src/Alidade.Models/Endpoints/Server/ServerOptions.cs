using System.Globalization;
using System.Net;
using Alidade.Core;
using Alidade.Models.Generation.Engine;

namespace Alidade.Models.Endpoints.Server;

/// <summary>Where a <see cref="ModelServer"/> listens and what it allows.</summary>
public sealed record ServerOptions
{
    /// <summary>The address to listen at: an IP address, or <c>localhost</c>. Default the loopback address: nobody outside this machine can reach it.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; 0 takes a free one. Default 8080.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Name of the environment variable that holds the key which requests must bring; null for none.</summary>
    public string? KeyVariable { get; init; }

    /// <summary>The name under which the model is served; null for the last part of its path.</summary>
    public string? ModelName { get; init; }

    /// <summary>Most new tokens where a chat names no limit; less where the context is shorter. Default 1024.</summary>
    public int DefaultMaxTokens { get; init; } = 1024;

    /// <summary>The largest body of a request. Default 4 MiB.</summary>
    public int MaxBodyBytes { get; init; } = 4 << 20;

    /// <summary>Most requests that are worked on or wait; one more is answered with 429. Default 256.</summary>
    public int MaxRequests { get; init; } = 256;

    /// <summary>Most answers that one request may ask for: prompts times <c>n</c>. Default 128.</summary>
    public int MaxChoices { get; init; } = 128;

    /// <summary>How long requests may go on after the server was told to stop, before they are cut. Default 5 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How much is decoded together.</summary>
    public GenerationEngineOptions Engine { get; init; } = new();

    /// <summary>Told one line for each request, without any text of it; null for none.</summary>
    public Action<string>? Log { get; init; }

    internal IPAddress Address => string.Equals(Host, "localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
        : IPAddress.TryParse(Host, out var address) ? address
        : throw new AlidadeException($"'{Host}' is not an address to listen at; give an IP address such as 127.0.0.1, 0.0.0.0 (every network of this machine), or localhost");

    /// <summary>Checks every value, and that the key's variable is set.</summary>
    /// <exception cref="AlidadeException">Some cannot be used; the message names all of them.</exception>
    public void Validate()
    {
        _ = Address;
        _ = ServerKey.Read(KeyVariable);
        var wrong = new List<string>();
        void Check(bool holds, FormattableString message)
        {
            if (!holds)
                wrong.Add(message.ToString(CultureInfo.InvariantCulture));
        }

        Check(Port is >= 0 and <= 65535, $"the port is {Port}, it must be from 0 (a free one) to 65535");
        Check(DefaultMaxTokens >= 1, $"the default limit of new tokens is {DefaultMaxTokens}, it must be at least 1");
        Check(MaxBodyBytes >= 1024, $"the largest body is {MaxBodyBytes} bytes, it must be at least 1024");
        Check(MaxRequests >= 1, $"most requests is {MaxRequests}, it must be at least 1");
        Check(MaxChoices >= 1, $"most choices is {MaxChoices}, it must be at least 1");
        Check(StopTimeout >= TimeSpan.Zero, $"the time to stop is {StopTimeout}, it must be at least 0");
        if (wrong.Count > 0)
            throw new AlidadeException("server: " + string.Join("; ", wrong));
        Engine.Validate();
    }
}
