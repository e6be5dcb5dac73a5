using System.Runtime.InteropServices;
using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Native;

/// <summary>A tensor operation that the native library refused, as one line: the operation, the shapes it was given, the library's first sentence.</summary>
public sealed class TensorException : AlidadeException
{
    /// <summary>Makes the error from its one-line message.</summary>
    public TensorException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the error from its one-line message and the native failure below it.</summary>
    public TensorException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>
/// The one place where a native failure, a page of C++ frames, becomes a <see cref="TensorException"/>. It belongs around whole steps (a forward pass, an
/// update, a file's tensors) and not around single operations.
/// </summary>
/// <remarks>
/// <code>
/// var logits = NativeErrors.Run("forward of layer 3", () => block.Forward(x), x);
/// </code>
/// Some native failures end the process and never get here: those of <c>matmul</c> (TorchSharp catches nothing there; <c>mm</c>, <c>bmm</c> and
/// <c>functional.linear</c> are safe), of <c>autograd.grad</c>, and those inside a custom backward. Shapes and label ranges are checked in managed code first.
/// </remarks>
public static class NativeErrors
{
    /// <summary>Runs <paramref name="action"/>; a native failure names <paramref name="operation"/> and the shapes of <paramref name="operands"/>.</summary>
    /// <exception cref="TensorException">The native library failed.</exception>
    public static T Run<T>(string operation, Func<T> action, params ReadOnlySpan<Tensor?> operands)
    {
        try
        {
            return action();
        }
        catch (ExternalException exception)
        {
            throw Describe(operation, exception, operands);
        }
    }

    /// <inheritdoc cref="Run{T}(string, Func{T}, ReadOnlySpan{Tensor})"/>
    public static void Run(string operation, Action action, params ReadOnlySpan<Tensor?> operands)
    {
        try
        {
            action();
        }
        catch (ExternalException exception)
        {
            throw Describe(operation, exception, operands);
        }
    }

    /// <summary>The one line for a native failure; for a handler that stands further out, as in the command's last catch.</summary>
    public static TensorException Describe(string operation, ExternalException exception, params ReadOnlySpan<Tensor?> operands)
    {
        var shapes = Shapes(operands);
        var of = shapes.Length > 0 ? $" of {shapes}" : "";
        return new TensorException($"{operation}{of} failed: {Reason(exception.Message)}", exception);
    }

    /// <summary>Shape and element type of each operand, as in <c>[2, 3] Float32, [3, 4] Float32</c>.</summary>
    internal static string Shapes(params ReadOnlySpan<Tensor?> operands)
    {
        var parts = new List<string>();
        foreach (var operand in operands)
            if (operand is { IsInvalid: false })
                parts.Add($"[{string.Join(", ", operand.shape)}] {operand.dtype}");
        return string.Join(", ", parts);
    }

    private static string Reason(string message)
    {
        var end = message.IndexOf("Exception raised from", StringComparison.Ordinal);
        var sentence = (end >= 0 ? message[..end] : message).ReplaceLineEndings(" ").Trim();
        // The words of the CPU's allocator, of its older form, and of CUDA's.
        return ((string[])["can't allocate memory", "not enough memory", "out of memory"]).Any(words => sentence.Contains(words, StringComparison.Ordinal))
            ? $"not enough memory; use a smaller batch or shorter sequences ({sentence})"
            : sentence;
    }
}
