using System.Globalization;

namespace Benchmarks.Proxying;

/// <summary>nginx as a plain proxy with kept connections, one worker, nothing logged: a second reference, in C.</summary>
internal static class NginxProxy
{
    public static async Task<PinnedProcess> StartAsync(int core, int port, Uri upstream, string folder)
    {
        var settings = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $$"""
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            error_log stderr error;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_body_temp_path {{folder}}/body;
              proxy_temp_path {{folder}}/proxy;
              fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi;
              scgi_temp_path {{folder}}/scgi;
              upstream service { server {{upstream.Authority}}; keepalive 128; keepalive_requests 100000000; }
              server {
                listen 127.0.0.1:{{port}};
                keepalive_requests 100000000;
                location / { proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }
              }
            }
            """));
        return await PinnedProcess.StartAsync(core, new Uri($"http://127.0.0.1:{port}/"), ["nginx", "-p", folder, "-c", settings], []);
    }
}
