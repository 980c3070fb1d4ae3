using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Hikigane.Ledger;

/// <summary>
/// A statement that stays prepared. Its parameters are looked up by name once: whoever runs it names them in the same order each time. The
/// driver's own command does this lookup, and more, for each row; on the one thread that writes, that is most of the work.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private const int LargestOnStack = 512;

    /// <summary>Milliseconds, as the driver's.</summary>
    private const long LongestWait = 30_000;

    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private readonly int[] places;

    public SqliteStatement(SqliteConnection connection, string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        database = connection.Handle!;
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement), database);
        places = new int[parameters.Length];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = raw.sqlite3_bind_parameter_index(statement, parameters[i].Name);
        }
    }

    /// <summary>Runs it to its end; returns how many rows it changed.</summary>
    public int Execute(ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        Run(parameters, out _);
        return raw.sqlite3_changes(database);
    }

    /// <summary>Runs it to its end; returns the first column of the first row, null when there is none.</summary>
    public object? Scalar(ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        Run(parameters, out var first);
        return first;
    }

    public void Dispose() => statement.Dispose();

    private void Run(ReadOnlySpan<(string Name, object? Value)> parameters, out object? first)
    {
        first = null;
        try
        {
            for (var i = 0; i < places.Length; i++)
            {
                Bind(places[i], parameters[i].Value);
            }

            var result = Begin();
            if (result == raw.SQLITE_ROW)
            {
                first = Column();
                do
                {
                    result = raw.sqlite3_step(statement);
                }
                while (result == raw.SQLITE_ROW);
            }

            SqliteException.ThrowExceptionForRC(result == raw.SQLITE_DONE ? raw.SQLITE_OK : result, database);
        }
        finally
        {
            _ = raw.sqlite3_reset(statement); // Repeats what the step said.
        }
    }

    /// <summary>
    /// The first step. In memory, readers lock the tables that they read, and there is no waiting for them inside of SQLite: the driver's commands try
    /// again, too.
    /// </summary>
    private int Begin()
    {
        var (since, pause) = (Environment.TickCount64, default(SpinWait));
        while (true)
        {
            var result = raw.sqlite3_step(statement);
            if ((result & 0xFF) != raw.SQLITE_LOCKED || Environment.TickCount64 - since > LongestWait)
            {
                return result;
            }

            _ = raw.sqlite3_reset(statement);
            pause.SpinOnce();
        }
    }

    private object? Column() => raw.sqlite3_column_type(statement, 0) switch
    {
        raw.SQLITE_NULL => null,
        raw.SQLITE_INTEGER => raw.sqlite3_column_int64(statement, 0),
        raw.SQLITE_BLOB => raw.sqlite3_column_blob(statement, 0).ToArray(),
        _ => raw.sqlite3_column_text(statement, 0).utf8_to_string(),
    };

    private void Bind(int place, object? value) => SqliteException.ThrowExceptionForRC(
        value switch
        {
            null => raw.sqlite3_bind_null(statement, place),
            long number => raw.sqlite3_bind_int64(statement, place, number),
            byte[] bytes => raw.sqlite3_bind_blob(statement, place, bytes),
            string { Length: 0 } => raw.sqlite3_bind_text(statement, place, ""),
            string text => BindText(place, text),
            _ => throw new ArgumentException($"a parameter cannot be a {value.GetType()}", nameof(value)),
        }, database);

    private int BindText(int place, string text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most <= LargestOnStack)
        {
            Span<byte> small = stackalloc byte[LargestOnStack];
            return raw.sqlite3_bind_text(statement, place, small[..Encoding.UTF8.GetBytes(text, small)]);
        }

        var rented = ArrayPool<byte>.Shared.Rent(most);
        var result = raw.sqlite3_bind_text(statement, place, rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented)));
        ArrayPool<byte>.Shared.Return(rented);
        return result;
    }
}
