using System.Buffers.Binary;
using System.Numerics;
using Alidade.Core;
using Alidade.Core.Files;
using Google.Protobuf;

namespace Alidade.Training.Watching;

/// <summary>
/// Scalars as TensorBoard reads them: an event file of records, each a message <c>Event</c> (wall_time 1, step 2, file_version 3, summary 5 { value 1 { tag 1,
/// simple_value 2 } }).
/// </summary>
/// <remarks>
/// The format of TensorFlow's record writer: length (uint64), its masked CRC-32C, the bytes, their masked CRC-32C. A resumed training writes a second file into the folder;
/// TensorBoard shows what came last for a step.
/// </remarks>
public sealed class TensorBoardLog : IDisposable
{
    private readonly FileStream stream;

    /// <summary>Begins a file in a folder, which is made.</summary>
    /// <exception cref="AlidadeException">The folder cannot be written.</exception>
    public TensorBoardLog(string folder)
    {
        var now = DateTimeOffset.UtcNow;
        Path = System.IO.Path.Combine(folder, FormattableString.Invariant($"events.out.tfevents.{now.ToUnixTimeMilliseconds()}.{Environment.MachineName}.{Environment.ProcessId}"));
        try
        {
            Directory.CreateDirectory(folder);
            stream = new FileStream(Path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            Write(output => Message(output, 0, null, "brain.Event:2", []));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            stream?.Dispose();
            throw AtomicFile.CannotWrite(Path, exception);
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Appends the numbers of one step.</summary>
    /// <exception cref="AlidadeException">The disk is full.</exception>
    public void Add(long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        try
        {
            Write(output => Message(output, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0, step, null, values));
        }
        catch (IOException exception)
        {
            throw AtomicFile.CannotWrite(Path, exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private static void Message(CodedOutputStream output, double time, long? step, string? version, IEnumerable<KeyValuePair<string, double>> values)
    {
        output.WriteTag(1, WireFormat.WireType.Fixed64);
        output.WriteDouble(time);
        if (step is { } number)
        {
            output.WriteTag(2, WireFormat.WireType.Varint);
            output.WriteInt64(number);
        }

        if (version is not null)
        {
            output.WriteTag(3, WireFormat.WireType.LengthDelimited);
            output.WriteString(version);
        }

        var summary = Bytes(inner =>
        {
            foreach (var (name, value) in values)
            {
                inner.WriteTag(1, WireFormat.WireType.LengthDelimited);
                inner.WriteBytes(ByteString.CopyFrom(Bytes(one =>
                {
                    one.WriteTag(1, WireFormat.WireType.LengthDelimited);
                    one.WriteString(name);
                    one.WriteTag(2, WireFormat.WireType.Fixed32);
                    one.WriteFloat((float)value);
                })));
            }
        });
        if (summary.Length == 0)
            return;
        output.WriteTag(5, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(summary));
    }

    private static byte[] Bytes(Action<CodedOutputStream> write)
    {
        using var memory = new MemoryStream();
        using (var output = new CodedOutputStream(memory, leaveOpen: true))
            write(output);
        return memory.ToArray();
    }

    // A record goes out in one piece, so that a killed process leaves whole ones.
    private void Write(Action<CodedOutputStream> message)
    {
        var data = Bytes(message);
        var record = new byte[16 + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        data.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), MaskedCrc(data));
        stream.Write(record);
    }

    private static uint MaskedCrc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xa282ead8;
    }
}
