using Gateway;
using Gateway.Acceptance;
using Gateway.Carriers;
using Gateway.Delivery;
using Gateway.Diagnostics;
using Gateway.Inbound;
using Gateway.Provisioning;
using Gateway.Registration;
using Gateway.Rest;
using Gateway.Routing;
using Gateway.Webhooks;

if (args is ["decode", ..]) return DecodeCommand.Run(args[1..], Console.In, Console.Out, Console.Error);
if (args is ["encode", ..]) return EncodeCommand.Run(args[1..], Console.In, Console.Out, Console.Error);

// Settings come from beside the program, whatever folder it is started in; relative paths in them follow that folder.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
var development = builder.Environment.IsDevelopment() ? DevelopmentWorld.Create() : null;
if (!builder.TryReadSettings(development, out var settings)) return 1;

builder.AddStore(settings).AddProvisioning(settings).AddRest(settings).AddAcceptance().AddRouting().AddCarriers(settings).AddRegistration()
    .AddDelivery(settings).AddInbound(settings).AddWebhooks(settings).AddDiagnostics();
if (development is not null) builder.Services.AddSingleton(development).AddHostedService<DevelopmentHandsets>();

var app = builder.Build();
app.MapWebSockets(settings.Sip).MapRest().MapDiagnostics();
return await app.RunGatewayAsync();
