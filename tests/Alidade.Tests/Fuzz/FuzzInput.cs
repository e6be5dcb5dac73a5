using System.Text;

namespace Alidade.Tests.Fuzz;

/// <summary>One input: the files that a reader is given.</summary>
internal sealed class FuzzInput(params (string Name, byte[] Bytes)[] files)
{
    public long Bytes => files.Sum(f => (long)f.Bytes.Length);

    public byte[] this[string name] => files.First(f => f.Name == name).Bytes;

    /// <summary>A file as text; broken UTF-8 is read as U+FFFD.</summary>
    public string Text(string name) => Encoding.UTF8.GetString(this[name]);

    /// <summary>Puts the files into a folder.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, bytes) in files)
            File.WriteAllBytes(Path.Combine(folder, name), bytes);
    }
}
