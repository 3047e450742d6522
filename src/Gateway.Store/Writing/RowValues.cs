using System.Linq.Expressions;

namespace Gateway.Store;

/// <summary>The kinds of values our columns have; every integer travels as 64 bits and the database narrows it.</summary>
internal enum ColumnKind { Integer, Flag, Text, Octets }

/// <summary>Takes the values of one row, one after the other.</summary>
internal abstract class RowBinder
{
    public abstract void Add(long? value);
    public abstract void Add(bool value);
    public abstract void Add(string? value);
    public abstract void Add(byte[]? value);
}

/// <summary>Properties of <typeparamref name="T"/> as the values of a statement.</summary>
internal sealed class RowValues<T>
{
    public RowValues(IReadOnlyList<string> properties)
    {
        var row = Expression.Parameter(typeof(T));
        var binder = Expression.Parameter(typeof(RowBinder));
        var values = properties.Select(name => Expression.Property(row, name)).ToList();
        var calls = values.Select(value =>
        {
            var type = KindOf(value.Type) == ColumnKind.Integer ? typeof(long?) : value.Type;
            return Expression.Call(binder, nameof(RowBinder.Add), null, Expression.Convert(value, type));
        });
        Kinds = [.. values.Select(value => KindOf(value.Type))];
        Bind = Expression.Lambda<Action<T, RowBinder>>(Expression.Block(calls), row, binder).Compile();
    }

    public IReadOnlyList<ColumnKind> Kinds { get; }
    public Action<T, RowBinder> Bind { get; }

    private static ColumnKind KindOf(Type type) =>
        type == typeof(string) ? ColumnKind.Text
        : type == typeof(byte[]) ? ColumnKind.Octets
        : type == typeof(bool) ? ColumnKind.Flag
        : ColumnKind.Integer;
}
