using IdentityService.Tests.Support;

[assembly: AssemblyFixture(typeof(IdentityApi))]
