using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Gateway.Migrations;

/// <summary>For <c>dotnet ef migrations add NAME --project migrations --context SqliteGatewayDb --output-dir Sqlite</c>; no database is opened.</summary>
internal sealed class SqliteDesign : IDesignTimeDbContextFactory<SqliteGatewayDb>
{
    public SqliteGatewayDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteGatewayDb>()
            .UseSqlite("Data Source=design.db", sqlite => sqlite.MigrationsAssembly(typeof(SqliteDesign).Assembly.GetName().Name))
            .Options);
}
