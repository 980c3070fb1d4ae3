using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Syntax;

/// <summary>
/// A node of the parsed expression. <see cref="Position"/> is the code point that error messages point at (an operator, the
/// parenthesis of a call); the text of the node is <see cref="Start"/> to <see cref="End"/> in UTF-16 units.
/// </summary>
internal abstract class Expr(int position)
{
    public int Position { get; } = position;

    public int Start { get; set; }

    public int End { get; set; }

    /// <summary>Where a traced evaluation records the value.</summary>
    public int Id { get; set; }

    internal sealed class Constant(int position, CelValue value) : Expr(position)
    {
        public CelValue Value { get; } = value;
    }

    internal sealed class Ident(int position, string name) : Expr(position)
    {
        public string Name { get; } = name;
    }

    internal sealed class Select(int position, Expr operand, string field, bool isTest) : Expr(position)
    {
        public Expr Operand { get; } = operand;

        public string Field { get; } = field;

        /// <summary><c>has(operand.field)</c>.</summary>
        public bool IsTest { get; } = isTest;
    }

    internal sealed class Call(int position, string function, Expr? target, IReadOnlyList<Expr> arguments) : Expr(position)
    {
        public string Function { get; } = function;

        public Expr? Target { get; } = target;

        public IReadOnlyList<Expr> Arguments { get; } = arguments;
    }

    internal sealed class List(int position, IReadOnlyList<Expr> elements) : Expr(position)
    {
        public IReadOnlyList<Expr> Elements { get; } = elements;
    }

    internal sealed class Map(int position, IReadOnlyList<(Expr Key, Expr Value)> entries) : Expr(position)
    {
        public IReadOnlyList<(Expr Key, Expr Value)> Entries { get; } = entries;
    }

    internal sealed class Message(int position, string name, IReadOnlyList<(int Position, string Field, Expr Value)> fields) : Expr(position)
    {
        public string Name { get; } = name;

        public IReadOnlyList<(int Position, string Field, Expr Value)> Fields { get; } = fields;
    }

    /// <summary>A macro that walks a list or the keys of a map.</summary>
    internal sealed class Comprehension(int position, ComprehensionKind kind, Expr range, string variable) : Expr(position)
    {
        public ComprehensionKind Kind { get; } = kind;

        public Expr Range { get; } = range;

        public string Variable { get; } = variable;

        /// <summary>The condition; absent in the two-argument <c>map</c> and in <c>sortBy</c>.</summary>
        public Expr? Predicate { get; init; }

        /// <summary>What <c>map</c> collects; the key of <c>sortBy</c>.</summary>
        public Expr? Transform { get; init; }
    }

    /// <summary>What stands where the source could not be read; an error has been reported.</summary>
    internal sealed class Broken(int position) : Expr(position);
}

internal enum ComprehensionKind
{
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
    SortBy,
}
