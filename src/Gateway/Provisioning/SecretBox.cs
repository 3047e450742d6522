using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Gateway.Provisioning;

/// <summary>
/// Secrets that are needed back (what we sign and call carriers with), encrypted by AES-256-GCM under <c>Store:SecretKey</c> and bound to their place, so
/// that nobody with the database can move one elsewhere. Where that is not set, a key is made when it is first needed, in a file beside the database.
/// </summary>
public sealed partial class SecretBox
{
    public const int KeyOctets = 32;
    private const string Scheme = "aes256-gcm$";
    private const int NonceOctets = 12, TagOctets = 16;

    private readonly Lazy<byte[]> _key;
    private readonly ILogger<SecretBox> _log;

    public SecretBox(GatewaySettings settings, ILogger<SecretBox> log) => (_key, _log) = (new Lazy<byte[]>(() => KeyOf(settings.Store)), log);

    /// <param name="secret">In clear.</param>
    /// <param name="place">What it is a secret of.</param>
    public string Encrypt(string secret, string place)
    {
        var plain = Encoding.UTF8.GetBytes(secret);
        var box = new byte[NonceOctets + plain.Length + TagOctets];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceOctets));
        using var aes = new AesGcm(_key.Value, TagOctets);
        aes.Encrypt(box.AsSpan(0, NonceOctets), plain, box.AsSpan(NonceOctets, plain.Length), box.AsSpan(NonceOctets + plain.Length), Encoding.UTF8.GetBytes(place));
        return Scheme + Convert.ToBase64String(box);
    }

    /// <exception cref="SettingsFaultException">It was encrypted with another key.</exception>
    public string Decrypt(string text, string place)
    {
        try
        {
            var box = Convert.FromBase64String(text.StartsWith(Scheme, StringComparison.Ordinal) ? text[Scheme.Length..] : "");
            var plain = new byte[box.Length - NonceOctets - TagOctets];
            using var aes = new AesGcm(_key.Value, TagOctets);
            aes.Decrypt(box.AsSpan(0, NonceOctets), box.AsSpan(NonceOctets, plain.Length), box.AsSpan(NonceOctets + plain.Length), plain, Encoding.UTF8.GetBytes(place));
            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception e) when (e is CryptographicException or FormatException or OverflowException)
        {
            throw new SettingsFaultException($"Store:SecretKey: is not the key that the secret of {place} in the store was encrypted with (every node needs the same one)");
        }
    }

    private byte[] KeyOf(StoreSettings store) => store.SecretKey is { Length: > 0 } key ? Convert.FromBase64String(key) : KeyInFile(Path.GetFullPath(FileOf(store)));

    private static string FileOf(StoreSettings store) =>
        store.Provider == "Sqlite" ? $"{new SqliteConnectionStringBuilder(store.ConnectionString).DataSource}.key" : "gateway.key";

    private byte[] KeyInFile(string path)
    {
        if (!File.Exists(path))
        {
            // Whole under its name, or not there: another node may look at this moment.
            var made = $"{path}.{Environment.ProcessId}";
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var file = new StreamWriter(made, Encoding.ASCII, options)) file.Write(Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyOctets)));
            try
            {
                File.Move(made, path, overwrite: false);
                LogMade(path);
            }
            catch (IOException) when (File.Exists(path))
            {
                File.Delete(made); // the other one was faster
            }
        }
        return Convert.FromBase64String(File.ReadAllText(path));
    }

    [LoggerMessage(6012, LogLevel.Warning, "Store:SecretKey is not set, so a key was made in {File}: back it up apart from the database, or set one")]
    private partial void LogMade(string file);
}
