namespace Gateway.Registration;

public static class RegistrationExtensions
{
    public static WebApplicationBuilder AddRegistration(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Flows>().AddSingleton<Contacts>().AddSingleton<RegistrarUsers>().AddSingleton<Registrar>().AddSingleton<KeepAlive>();
        builder.Services.AddSingleton<WatchOwners>().AddSingleton<RegWatcher>().AddSingleton<RegNotifier>().AddHostedService<ExpiredContacts>();
        return builder;
    }
}
