namespace Alidade.Core.Downloads;

/// <summary>A file as its source lists it.</summary>
/// <param name="Name">Its path at the source, with forward slashes.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Hash">What its content is checked against: SHA-256 (64 digits), or git's SHA-1 of the blob (40 digits).</param>
public sealed record RemoteFile(string Name, long Bytes, string Hash);

/// <summary>A file to be fetched.</summary>
/// <param name="File">What it must be.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Target">The path at which it lies afterwards, whole.</param>
public sealed record Fetch(RemoteFile File, Uri Address, string Target);

/// <summary>A file that was pulled.</summary>
/// <param name="Name">Its path at the source.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Fetched">False when it was there already.</param>
public sealed record PulledFile(string Name, long Bytes, bool Fetched);
