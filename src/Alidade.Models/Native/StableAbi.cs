using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace Alidade.Models.Native;

/// <summary>
/// Calls operations of the tensor library by name through its stable C interface, for those that TorchSharp lacks. Gradients flow as usual.
/// </summary>
/// <remarks>
/// PyTorch, "LibTorch Stable ABI" (docs/source/notes/libtorch_stable_abi.md): every argument is a 64-bit slot. A tensor is a new handle and a list a list
/// handle, both consumed by the call; a double is copied bit for bit; an optional is null or a pointer to an allocated slot, which the call frees; results
/// overwrite the slots from the front. A failed call returns 1, its message is lost, and what it had not consumed leaks; so arguments are checked first.
/// </remarks>
internal sealed unsafe class StableAbi
{
    // Major, minor, patch in the three highest bytes: the interface as of 2.10, which later libraries keep.
    private const ulong BuiltFor = 0x020A_0000_0000_0000;
    private static readonly Lazy<StableAbi?> Loaded = new(Find);

    private readonly delegate* unmanaged[Cdecl]<byte*, byte*, ulong*, ulong, int> call;
    private readonly delegate* unmanaged[Cdecl]<nint, nint*, int> newTensorHandle;
    private readonly delegate* unmanaged[Cdecl]<nuint, nint*, int> newList;
    private readonly delegate* unmanaged[Cdecl]<nint, ulong, int> pushBack;
    private readonly delegate* unmanaged[Cdecl]<nint, int, nint*, int> viewDtype;

    private StableAbi(nint library)
    {
        call = (delegate* unmanaged[Cdecl]<byte*, byte*, ulong*, ulong, int>)NativeLibrary.GetExport(library, "torch_call_dispatcher");
        newTensorHandle = (delegate* unmanaged[Cdecl]<nint, nint*, int>)NativeLibrary.GetExport(library, "aoti_torch_new_tensor_handle");
        newList = (delegate* unmanaged[Cdecl]<nuint, nint*, int>)NativeLibrary.GetExport(library, "torch_new_list_reserve_size");
        pushBack = (delegate* unmanaged[Cdecl]<nint, ulong, int>)NativeLibrary.GetExport(library, "torch_list_push_back");
        viewDtype = (delegate* unmanaged[Cdecl]<nint, int, nint*, int>)NativeLibrary.GetExport(library, "aoti_torch_view_dtype");
    }

    /// <summary>The interface of the loaded library; null where it has none or an older one.</summary>
    public static StableAbi? Current => Loaded.Value;

    public ulong Slot(Tensor tensor)
    {
        nint handle;
        Check(newTensorHandle(tensor.Handle, &handle));
        GC.KeepAlive(tensor);
        return (ulong)handle;
    }

    public static ulong Slot(double value) => BitConverter.DoubleToUInt64Bits(value);

    public static ulong Slot(bool value) => value ? 1UL : 0UL;

    public ulong Optional(Tensor? tensor) => tensor is null ? 0 : Allocated(Slot(tensor));

    public static ulong Optional(double? value) => value is { } number ? Allocated(Slot(number)) : 0;

    public ulong List(IReadOnlyList<Tensor> tensors)
    {
        var list = NewList(tensors.Count);
        foreach (var tensor in tensors)
            Check(pushBack(list, Slot(tensor)));
        return (ulong)list;
    }

    public ulong List(params ReadOnlySpan<long> values)
    {
        var list = NewList(values.Length);
        foreach (var value in values)
            Check(pushBack(list, (ulong)value));
        return (ulong)list;
    }

    /// <summary>Calls an operation; results stand at the front of <paramref name="stack"/>.</summary>
    /// <param name="operation">Its name with a zero byte at the end; behind it the name of an overload that is not the default, ended so too.</param>
    /// <param name="operands">What a failure names by shape.</param>
    public void Call(ReadOnlySpan<byte> operation, Span<ulong> stack, params ReadOnlySpan<Tensor?> operands)
    {
        int code;
        var nameLength = operation.IndexOf((byte)0) + 1;
        fixed (byte* name = operation, none = "\0"u8)
        fixed (ulong* slots = stack)
            code = call(name, nameLength < operation.Length ? name + nameLength : none, slots, BuiltFor);
        if (code != 0)
            throw new TensorException($"{Encoding.ASCII.GetString(operation.TrimEnd((byte)0)).Replace('\0', '.')} of {NativeErrors.Shapes(operands)} failed");
    }

    /// <summary>The tensor that a call left in a slot.</summary>
    public static Tensor Result(ulong slot) => Tensor.UnsafeCreateTensor((nint)slot);

    public Tensor ViewDtype(Tensor tensor, ScalarType type)
    {
        nint handle;
        Check(viewDtype(tensor.Handle, (int)type, &handle));
        GC.KeepAlive(tensor);
        return Tensor.UnsafeCreateTensor(handle);
    }

    private static StableAbi? Find()
    {
        NativeLoader.Ensure();
        // On Windows the library frees slots with another allocator than the one they would come from here.
        if (OperatingSystem.IsWindows() || !NativeLibrary.TryGetExport(NativeLoader.TorchCpu, "aoti_torch_abi_version", out var version))
            return null;
        var found = ((delegate* unmanaged[Cdecl]<ulong>)version)();
        return found >> 56 == BuiltFor >> 56 && found >= BuiltFor ? new StableAbi(NativeLoader.TorchCpu) : null;
    }

    private nint NewList(int count)
    {
        nint list;
        Check(newList((nuint)count, &list));
        return list;
    }

    private static ulong Allocated(ulong slot)
    {
        var pointer = (ulong*)NativeMemory.Alloc(sizeof(ulong));
        *pointer = slot;
        return (ulong)pointer;
    }

    private static void Check(int code)
    {
        if (code != 0)
            throw new TensorException("the tensor library's C interface refused an argument");
    }
}
