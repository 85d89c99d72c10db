# SPDX-License-Identifier: Apache-2.0
"""nginx as the tests of HTTP run it, in a container that has its files in its own folder."""

from tests.e2e.harness.host_programs import WORK

# Nothing is written where the container may not, and no connection is closed by count or time.
_CONFIGURATION = """
user root;
daemon off;
pid /tmp/nginx.pid;
error_log stderr;
worker_processes 2;
events {{ worker_connections 256; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_max_body_size 2m;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {{
    listen {port};
    root {work}/files;
    location = /broken {{ return 500; }}
    location = /busy {{ return 503; }}
    location = /take {{ return 200 "taken"; }}
  }}
}}
"""


def nginx_configuration(port):
    """/broken answers 500 and closes, /busy 503, /take takes whatever is posted; all else is a file."""
    return _CONFIGURATION.format(port=port, work=WORK)
