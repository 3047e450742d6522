using Gateway.Tests.Store;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresCluster))]
