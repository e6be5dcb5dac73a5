using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Alidade.Models.Native;

namespace Alidade.Tests;

/// <summary>Tests touch tensors before any room of Alidade, so the tests themselves bring the loader in.</summary>
internal static class NativeSetup
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The test assembly is the program here.")]
    internal static void Initialize()
    {
        RuntimeHelpers.RunModuleConstructor(typeof(NativeLoader).Module.ModuleHandle);
        Models.Native.NativeChild.RunIfAsked();
    }
}
