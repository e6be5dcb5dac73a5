using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Generation.Engine;
using Alidade.Models.Native;

namespace Alidade.Models.Endpoints.Server;

/// <summary>A request that is answered with an error, as OpenAI shapes it.</summary>
internal sealed class ApiException(int status, string message, string? parameter = null, string? code = null) : Exception(AlidadeException.OneLine(message))
{
    public int Status => status;

    /// <summary>400: the request cannot be used as it is.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    /// <param name="parameter">The path of the field.</param>
    /// <param name="code">A code for programs.</param>
    public static ApiException Invalid(string message, string? parameter = null, string? code = null) => new(400, message, parameter, code);

    /// <summary>The answer that a failure of the work comes to; what is not meant for the one who asks is told by its kind alone.</summary>
    public static ApiException Of(Exception exception) => exception switch
    {
        ApiException api => api,
        EngineBusyException busy => Busy(busy.Message),
        NotBuiltException missing => new(400, missing.Message, code: "not_supported"),
        AlidadeException mistake and not TensorException => new(400, mistake.Message),
        ObjectDisposedException => new(503, "the server is stopping", code: "stopping"),
        _ => new(500, $"the server failed on this request ({exception.GetType().Name}); the model goes on", code: "internal_error"),
    };

    /// <summary>429: try again later.</summary>
    public static ApiException Busy(string message) => new(429, message, code: "queue_full");

    /// <summary>The body of the answer.</summary>
    public JsonObject ToJson() => new()
    {
        ["error"] = new JsonObject
        {
            ["message"] = Message,
            ["type"] = status switch
            {
                401 => "authentication_error",
                403 => "permission_error",
                404 => "not_found_error",
                429 => "rate_limit_error",
                >= 500 => "server_error",
                _ => "invalid_request_error",
            },
            ["param"] = parameter,
            ["code"] = code,
        },
    };
}
