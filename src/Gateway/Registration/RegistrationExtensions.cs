namespace Gateway.Registration;

public static class RegistrationExtensions
{
    public static WebApplicationBuilder AddRegistration(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Contacts>().AddSingleton<RegistrarUsers>().AddSingleton<Registrar>().AddSingleton<WatchOwners>().AddSingleton<RegWatcher>();
        return builder;
    }
}
