var builder = DistributedApplication.CreateBuilder(args);

builder.AddKubernetesEnvironment("kubernetes");

// Where this machine keeps what must outlive a run.
var dataFolder = builder.Configuration["DataFolder"] ?? Path.Combine(builder.AppHostDirectory, "..", ".platform");

// Secrets: generated once and kept, or given as Parameters__admin_password and the like.
var administratorPassword = builder.AddParameter("admin-password", new GenerateParameterDefault { MinLength = 24, Special = false }, secret: true, persist: true);
var encryptionKey = builder.AddParameter("identity-encryption-key", new GenerateParameterDefault { MinLength = 48, Special = false }, secret: true, persist: true);
var gatewayClientSecret = builder.AddParameter("gateway-client-secret", new GenerateParameterDefault { MinLength = 48, Special = false }, secret: true, persist: true);
var auditEncryptionKey = builder.AddParameter("audit-encryption-key", new GenerateParameterDefault { MinLength = 48, Special = false }, secret: true, persist: true);
var sealingKey = builder.AddParameter("sealing-key", new GenerateParameterDefault { MinLength = 48, Special = false }, secret: true, persist: true);

// Infrastructure
var postgres = builder.AddPostgres("postgres").WithDataVolume();
var redis = builder.AddRedis("redis").WithDataVolume();
var messaging = builder.AddRabbitMQ("messaging").WithDataVolume();
var mail = builder.AddMailPit("mail");

// One database a service
var identityDatabase = postgres.AddDatabase("identitydb");
var auditDatabase = postgres.AddDatabase("auditdb");
var notificationDatabase = postgres.AddDatabase("notifydb");
var deviceDatabase = postgres.AddDatabase("devicedb");

// Services: a public endpoint, and one for health and metrics that the gateway never routes to
var identity = builder.AddProject<Projects.IdentityService>("identity")
    .WithHttpEndpoint()
    .WithHttpEndpoint(name: "management", env: "Management__Port")
    .WithHttpHealthCheck("/ready", endpointName: "management")
    .WithEnvironment("Administrator__UserName", "admin")
    .WithEnvironment("Administrator__Password", administratorPassword)
    .WithEnvironment("Keys__EncryptionKey", encryptionKey)
    .WithEnvironment("Clients__Gateway__Secret", gatewayClientSecret)
    .WithEnvironment("Sealing__Key", sealingKey)
    .WithReference(identityDatabase).WaitFor(identityDatabase)
    .WithReference(redis).WaitFor(redis)
    .WithReference(messaging).WaitFor(messaging);

var audit = builder.AddProject<Projects.AuditService>("audit")
    .WithHttpEndpoint()
    .WithHttpEndpoint(name: "management", env: "Management__Port")
    .WithHttpHealthCheck("/ready", endpointName: "management")
    .WithEnvironment("Evidence__EncryptionKey", auditEncryptionKey)
    .WithEnvironment("Evidence__CheckpointFolder", Path.GetFullPath(Path.Combine(dataFolder, "audit-checkpoints")))
    .WithReference(auditDatabase).WaitFor(auditDatabase)
    .WithReference(messaging).WaitFor(messaging)
    .WithReference(identity);

var notification = builder.AddProject<Projects.NotificationService>("notification")
    .WithHttpEndpoint()
    .WithHttpEndpoint(name: "management", env: "Management__Port")
    .WithHttpHealthCheck("/ready", endpointName: "management")
    .WithEnvironment("Sealing__Key", sealingKey)
    .WithEnvironment("Alerts__Recipients__0", "admin@platform.local")
    .WithReference(notificationDatabase).WaitFor(notificationDatabase)
    .WithReference(messaging).WaitFor(messaging)
    .WithReference(mail).WaitFor(mail)
    .WithReference(identity);

var device = builder.AddProject<Projects.DeviceService>("device")
    .WithHttpEndpoint()
    .WithHttpEndpoint(name: "management", env: "Management__Port")
    .WithHttpHealthCheck("/ready", endpointName: "management")
    .WithReference(deviceDatabase).WaitFor(deviceDatabase)
    .WithReference(messaging).WaitFor(messaging)
    .WithReference(identity);

// The only way in
var gateway = builder.AddProject<Projects.Gateway>("gateway")
    .WithHttpEndpoint(port: 8080)
    .WithExternalHttpEndpoints()
    .WithHttpEndpoint(name: "management", env: "Management__Port")
    .WithHttpHealthCheck("/ready", endpointName: "management")
    .WithEnvironment("Identity__ClientSecret", gatewayClientSecret)
    .WithEnvironment("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1")
    .WithEnvironment("DOTNET_GCgen0size", "0x8000000") // docs/decisions/0024
    .WithEnvironment("RequestAudit__SpoolDirectory", Path.GetFullPath(Path.Combine(dataFolder, "request-audit")))
    .WithReference(redis).WaitFor(redis)
    .WithReference(messaging).WaitFor(messaging)
    .WithReference(identity).WaitFor(identity)
    .WithReference(audit).WaitFor(audit)
    .WithReference(notification).WaitFor(notification)
    .WithReference(device).WaitFor(device);

// Tokens name the address that clients see as their issuer.
foreach (var service in new[] { identity, audit, notification, device, gateway })
{
    service.WithEnvironment("Authentication__Issuer", gateway.GetEndpoint("http"));
}

builder.Build().Run();
