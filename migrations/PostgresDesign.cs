using Gateway.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Gateway.Migrations;

/// <summary>For <c>dotnet ef migrations add NAME --project migrations --context PostgresGatewayDb --output-dir Postgres</c>; no database is opened.</summary>
internal sealed class PostgresDesign : IDesignTimeDbContextFactory<PostgresGatewayDb>
{
    public PostgresGatewayDb CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresGatewayDb>()
            .UseNpgsql("Host=design", postgres => postgres.MigrationsAssembly(typeof(PostgresDesign).Assembly.GetName().Name))
            .Options);
}
