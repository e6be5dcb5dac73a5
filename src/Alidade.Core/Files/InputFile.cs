namespace Alidade.Core.Files;

/// <summary>Opens a file that the user named; whatever the system refuses becomes one clear line.</summary>
public static class InputFile
{
    /// <summary>Opens for reading while others may read or append.</summary>
    /// <exception cref="AlidadeException">There is no such file, it is a folder, or it may not be read.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            if (Directory.Exists(path))
                throw new AlidadeException($"'{path}' is a folder; a file is needed");
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new AlidadeException($"there is no file '{path}'", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw CannotRead(path, exception);
        }
    }

    internal static AlidadeException CannotRead(string path, Exception exception) =>
        new($"cannot read '{path}': {exception.Message.ReplaceLineEndings(" ")}", exception);
}
