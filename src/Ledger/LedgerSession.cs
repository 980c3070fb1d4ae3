using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>
/// A connection with a transaction under way, as <see cref="LedgerWrites"/> sees it. The one writer of a SQLite file keeps its statements
/// prepared: parsing them again for each row costs more than writing it. PostgreSQL's driver does the same by itself.
/// </summary>
internal sealed class LedgerSession(DbConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> statements = [];

    public DbConnection Connection => connection;

    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (connection is SqliteConnection file)
        {
            return Prepared(file, sql, parameters).Execute(parameters);
        }

        using var command = connection.Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    public object? Scalar(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (connection is SqliteConnection file)
        {
            return Prepared(file, sql, parameters).Scalar(parameters);
        }

        using var command = connection.Command(sql, parameters);
        return command.ExecuteScalar();
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values)
        {
            statement.Dispose();
        }
    }

    private SqliteStatement Prepared(SqliteConnection file, string sql, ReadOnlySpan<(string Name, object? Value)> parameters) =>
        statements.TryGetValue(sql, out var statement) ? statement : statements[sql] = new SqliteStatement(file, sql, parameters);
}
