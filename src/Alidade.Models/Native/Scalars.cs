using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Native;

/// <summary>
/// Numbers for the tensor library that live as long as the process. TorchSharp makes a native object of a number at each call (the factor 1 of every sum of tensors among
/// them), and frees it when the collector finds that managed code has read its address, although native code may still be reading the number: where another thread
/// allocates meanwhile, a call fails now and then. What runs beside other threads takes its numbers from here.
/// </summary>
internal static class Scalars
{
    private static readonly ConcurrentDictionary<double, Scalar> Numbers = [];
    private static readonly ConcurrentDictionary<long, Scalar> Integers = [];

    /// <summary>1.</summary>
    public static Scalar One { get; } = 1;

    /// <summary>−1.</summary>
    public static Scalar MinusOne { get; } = -1;

    /// <summary>−∞.</summary>
    public static Scalar MinusInfinity { get; } = double.NegativeInfinity;

    /// <summary>A number of which there are few: a fact of an architecture or a setting.</summary>
    public static Scalar Of(double value) => Numbers.GetOrAdd(value, v => v);

    /// <summary>The same for tensors of whole numbers, which a fraction would make into others.</summary>
    public static Scalar Of(long value) => Integers.GetOrAdd(value, v => v);

    /// <summary>left + right.</summary>
    public static Tensor Plus(this Tensor left, Tensor right) => left.add(right, One);
}
