using Npgsql;

namespace Hikigane.Ledger;

/// <summary><c>postgres://user:password@host:port/database?sslmode=require</c>, or a connection string of Npgsql's.</summary>
internal static class PostgresAddress
{
    /// <summary>Writers wait for a free connection; more of them would not write faster, and a server has one hundred for everybody.</summary>
    private const int MostConnections = 16;

    public static NpgsqlDataSource Open(string address)
    {
        try
        {
            return new NpgsqlSlimDataSourceBuilder(ConnectionString(address)).EnableTransportSecurity().Build();
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or UriFormatException)
        {
            throw new LedgerException($"\"{Shown(address)}\" is not an address of PostgreSQL: {OneLine(exception)}", exception);
        }
    }

    /// <summary>The address without its password.</summary>
    public static string Shown(string address)
    {
        try
        {
            var parts = new NpgsqlConnectionStringBuilder(ConnectionString(address));
            return $"postgres://{parts.Host}:{parts.Port}/{parts.Database}";
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or UriFormatException)
        {
            return "postgres://…";
        }
    }

    public static string OneLine(Exception exception) => exception.Message.ReplaceLineEndings(" ");

    private static string ConnectionString(string address)
    {
        if (!address.Contains("://", StringComparison.Ordinal))
        {
            var given = new NpgsqlConnectionStringBuilder(address);
            given.MaxPoolSize = Math.Min(given.MaxPoolSize, MostConnections);
            return given.ConnectionString;
        }

        var uri = new Uri(address);
        var user = uri.UserInfo.Split(':', 2);
        var parts = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host.Length == 0 ? "localhost" : uri.Host,
            Port = uri.Port < 0 ? 5432 : uri.Port,
            Database = Uri.UnescapeDataString(uri.AbsolutePath.Trim('/')) is { Length: > 0 } database ? database : "hikigane",
        };
        if (user[0].Length > 0)
        {
            parts.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length > 1)
        {
            parts.Password = Uri.UnescapeDataString(user[1]);
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = pair.Split('=', 2) is [var left, var right] ? (left, right) : (pair, "");
            parts[name == "sslmode" ? "SSL Mode" : name] = name == "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : Uri.UnescapeDataString(value);
        }

        parts.MaxPoolSize = Math.Min(parts.MaxPoolSize, MostConnections);
        return parts.ConnectionString;
    }
}
