using Gateway.Benchmarks.Store;

if (args is ["store", .. var rest])
    return await StoreFigures.RunAsync(rest);
Console.Error.WriteLine("usage: dotnet run -c Release --project tests/Gateway.Benchmarks -- store [writes | due ROWS] [POSTGRES-CONNECTION-STRING]");
return 64;
