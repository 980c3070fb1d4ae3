using System.Data.Common;

namespace Hikigane.Ledger;

/// <summary>
/// A connection with a transaction under way, as <see cref="LedgerWrites"/> sees it. The one writer of a SQLite file keeps its statements
/// prepared: parsing them again for each row costs more than writing it. PostgreSQL's driver does the same by itself.
/// </summary>
internal sealed class LedgerSession(DbConnection connection, bool keepsStatements) : IDisposable
{
    private readonly Dictionary<string, DbCommand> statements = [];

    public DbConnection Connection => connection;

    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = Prepared(sql, parameters);
        try
        {
            return command.ExecuteNonQuery();
        }
        finally
        {
            Release(command);
        }
    }

    public object? Scalar(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = Prepared(sql, parameters);
        try
        {
            return command.ExecuteScalar();
        }
        finally
        {
            Release(command);
        }
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values)
        {
            statement.Dispose();
        }
    }

    private DbCommand Prepared(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (!keepsStatements)
        {
            return connection.Command(sql, parameters);
        }

        if (!statements.TryGetValue(sql, out var command))
        {
            return statements[sql] = connection.Command(sql, parameters);
        }

        for (var i = 0; i < parameters.Length; i++)
        {
            command.Parameters[i].Value = parameters[i].Value ?? DBNull.Value;
        }

        return command;
    }

    private void Release(DbCommand command)
    {
        if (!keepsStatements)
        {
            command.Dispose();
        }
    }
}
