/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "signaling/wherry-server-fixture.h"

/* What came back for one request with a good Host; headers: more lines. (transfer full) */
static char *
fetch (ServerFixture *f, const char *method, const char *path, const char *headers)
{
  g_autofree char *text = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\n", method,
                                           path, f->port, headers);

  return wherry_raw_client_request (f->port, text);
}

static void
has (const char *answer, const char *part)
{
  if (strstr (answer, part) == NULL)
    g_error ("expected “%s” in:\n%s", part, answer);
}

static void
is (ServerFixture *f, const char *method, const char *path, const char *headers, guint status)
{
  g_autofree char *answer = fetch (f, method, path, headers);
  g_autofree char *start = g_strdup_printf ("HTTP/1.1 %u ", status);

  if (!g_str_has_prefix (answer, start))
    g_error ("%s %s: expected %u, got:\n%s", method, path, status, answer);
}

static const char *
body_of (const char *answer)
{
  return strstr (answer, "\r\n\r\n") + 4;
}

static void
test_page (ServerFixture *f, gconstpointer data)
{
  g_autofree char *page = fetch (f, "GET", "/", "");
  g_autofree char *head = fetch (f, "HEAD", "/", "");
  g_autofree char *module = fetch (f, "GET", "/wherry.js", "");
  g_autofree char *connect_src = g_strdup_printf ("connect-src 'self' ws://127.0.0.1:%u", f->port);
  g_autofree char *tag = NULL;
  g_autofree char *known = NULL;
  g_autofree char *again = NULL;
  const char *etag;

  has (page, "HTTP/1.1 200 ");
  has (page, "Content-Type: text/html; charset=utf-8\r\n");
  has (page, "X-Content-Type-Options: nosniff\r\n");
  has (page, "Referrer-Policy: no-referrer\r\n");
  has (page, "Content-Security-Policy: default-src 'none'; script-src 'self';");
  has (page, connect_src);
  has (page, "frame-ancestors 'none'");
  has (page, "Connection: close\r\n");
  has (body_of (page), "<!doctype html>");
  has (head, "HTTP/1.1 200 ");
  g_assert_cmpstr (body_of (head), ==, "");
  has (module, "Content-Type: text/javascript; charset=utf-8\r\n");

  etag = strstr (page, "ETag: ") + strlen ("ETag: ");
  tag = g_strndup (etag, strcspn (etag, "\r"));
  known = g_strdup_printf ("If-None-Match: %s\r\n", tag);
  again = fetch (f, "GET", "/", known);
  has (again, "HTTP/1.1 304 ");
  g_assert_cmpstr (body_of (again), ==, "");
}

static void
test_statuses (ServerFixture *f, gconstpointer data)
{
  g_autofree char *post = fetch (f, "POST", "/", "Content-Length: 0\r\n");

  is (f, "GET", "/nothing", "", 404);
  is (f, "GET", "/../etc/passwd", "", 404);
  is (f, "GET", "/%2e%2e/x", "", 404);
  is (f, "GET", "//index.html", "", 404);
  is (f, "GET", "/connect/more", "", 404);
  is (f, "GET", "/connect", "", 426);
  is (f, "POST", "/connect", "Content-Length: 0\r\n", 405);
  is (f, "DELETE", "/", "", 405);
  is (f, "OPTIONS", "/", "", 405);
  has (post, "HTTP/1.1 405 ");
  has (post, "Allow: GET, HEAD\r\n");
}

static void
test_health_and_metrics (ServerFixture *f, gconstpointer data)
{
  g_autofree char *health = fetch (f, "GET", "/healthz", "");
  g_autofree char *ready = fetch (f, "GET", "/readyz", "");
  g_autofree char *metrics = NULL;
  g_autoptr (RawClient) client = wherry_raw_client_new_websocket (f->port);

  has (health, "HTTP/1.1 200 ");
  has (health, "Cache-Control: no-store\r\n");
  g_assert_cmpstr (body_of (health), ==, "ok\n");
  g_assert_cmpstr (body_of (ready), ==, "ready\n");

  wherry_raw_client_say (client, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_raw_client_hears (client, "\"joined\"");
  metrics = fetch (f, "GET", "/metrics", "");
  has (metrics, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
  has (metrics, "\nwherry_members 1\n");
  has (metrics, "\nwherry_signaling_sockets 1\n");
  has (metrics, "\n# TYPE wherry_bad_messages_total counter\n");
}

static void
test_foreign_pages (ServerFixture *f, gconstpointer data)
{
  guint64 before = wherry_counter_get (WHERRY_COUNTER_BAD_ORIGIN);
  g_autofree char *own = g_strdup_printf ("Origin: http://127.0.0.1:%u\r\n", f->port);
  g_autofree char *rebound = NULL;
  g_autofree char *absolute = NULL;
  g_autofree char *twice = NULL;
  g_autofree char *nameless = NULL;

  is (f, "GET", "/healthz", own, 200);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_BAD_ORIGIN), ==, before);
  is (f, "GET", "/healthz", "Origin: https://evil.example\r\n", 403);
  is (f, "GET", "/connect", "Origin: https://evil.example\r\n", 403);
  is (f, "GET", "/wherry.js", "Origin: null\r\n", 403);
  is (f, "GET", "/healthz", "Origin: http://127.0.0.1\r\n", 403);

  rebound
      = wherry_raw_client_request (f->port, "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  has (rebound, "HTTP/1.1 403 ");
  absolute
      = wherry_raw_client_request (f->port,
                                   "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
  has (absolute, "HTTP/1.1 403 ");
  twice = wherry_raw_client_request (
      f->port, "GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n");
  g_assert_null (strstr (twice, "200 OK"));
  nameless = wherry_raw_client_request (f->port, "GET / HTTP/1.0\r\n\r\n");
  g_assert_null (strstr (nameless, "200 OK"));
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_BAD_ORIGIN), >=, before + 6);

  g_assert_true (wherry_origin_policy_allow_origin (f->origins, "https://app.example", NULL));
  g_assert_true (wherry_origin_policy_allow_host (f->origins, "relay.example", NULL));
  is (f, "GET", "/healthz", "Origin: https://app.example\r\n", 200);
}

static void
test_large_requests (ServerFixture *f, gconstpointer data)
{
  g_autofree char *cookie = g_strnfill (40 * 1024, 'c');
  g_autofree char *header = g_strdup_printf ("Cookie: %s\r\n", cookie);
  g_autofree char *endless = NULL;
  g_autoptr (RawClient) trickle = wherry_raw_client_new (f->port);

  is (f, "POST", "/", "Content-Length: 100000000\r\n", 413);
  is (f, "GET", "/", "Transfer-Encoding: chunked\r\n", 413);
  endless = fetch (f, "GET", "/", header);
  g_assert_cmpstr (endless, ==, "");

  /* a header line that never ends */
  wherry_raw_client_send (trickle, "GET / HTTP/1.1\r\nX: ", 19);
  for (guint i = 0; i < 64 && !trickle->eof; i++)
    wherry_raw_client_send (trickle, cookie, 1024);
  wherry_raw_client_wait_eof (trickle);
}

/* libsoup would refuse them too, and keep the path. */
static void
test_bad_lengths (ServerFixture *f, gconstpointer data)
{
  static const struct
  {
    const char *header;
    guint status;
  } requests[] = {
    { "Content-Length: abc\r\n", 400 },
    { "Content-Length: 1\r\n 2\r\n", 400 },
    { "Transfer-Encoding: gzip\r\n", 501 },
    { "Transfer-Encoding: chunked, gzip\r\n", 501 },
  };
  g_autofree char *name = g_strnfill (10 * 1024, 'x');
  g_autofree char *path = g_strconcat ("/", name, NULL);
  guint64 before = wherry_counter_get (WHERRY_COUNTER_SOCKETS_REFUSED);

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    is (f, "POST", path, requests[i].header, requests[i].status);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SOCKETS_REFUSED), ==,
                    before + G_N_ELEMENTS (requests));
}

static void
test_deadlines (ServerFixture *f, gconstpointer data)
{
  guint64 before = wherry_counter_get (WHERRY_COUNTER_SOCKETS_REFUSED);
  g_autoptr (RawClient) silent = wherry_raw_client_new (f->port);
  g_autoptr (RawClient) half = wherry_raw_client_new (f->port);
  g_autoptr (RawClient) body = wherry_raw_client_new (f->port);
  g_autoptr (RawClient) socket = wherry_raw_client_new_websocket (f->port);
  g_autofree char *slow = g_strdup_printf (
      "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: 10\r\n\r\n", f->port);

  wherry_raw_client_send (half, "GET / HTTP/1.1\r\nHost:", 21);
  wherry_raw_client_send (body, slow, strlen (slow));
  is (f, "GET", "/healthz", "", 200); /* what was sent before is read */

  for (guint i = 0; i < 9; i++)
    {
      wherry_virtual_clock_advance (f->clock, G_TIME_SPAN_SECOND);
      wherry_raw_client_turn (silent);
      wherry_raw_client_turn (half);
      wherry_raw_client_turn (body);
    }
  g_assert_false (silent->eof || half->eof || body->eof);
  WHERRY_WAIT_UNTIL (NULL, ({
                       wherry_virtual_clock_advance (f->clock, 100 * G_TIME_SPAN_MILLISECOND);
                       wherry_raw_client_turn (silent);
                       wherry_raw_client_turn (half);
                       wherry_raw_client_turn (body);
                       silent->eof && half->eof && body->eof;
                     }));
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SOCKETS_REFUSED), ==, before + 3);
  /* a WebSocket has none */
  wherry_raw_client_say (socket, "{\"type\":\"ping\"}");
  wherry_raw_client_hears (socket, "pong");
}

static void
test_cap (ServerFixture *f, gconstpointer data)
{
  RawClient *idle[20];
  RawClient *sockets[2];
  g_autofree char *refused = NULL;
  guint ended = 0;

  /* many more idle ones than the cap of 4 do not keep anybody out */
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    {
      idle[i] = wherry_raw_client_new (f->port);
      wherry_raw_client_turn (idle[i]);
    }
  is (f, "GET", "/healthz", "", 200);
  for (guint i = 0; i < G_N_ELEMENTS (sockets); i++)
    sockets[i] = wherry_raw_client_new_websocket (f->port);
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    {
      wherry_raw_client_turn (idle[i]);
      ended += idle[i]->eof;
    }
  g_assert_cmpuint (ended, >=, G_N_ELEMENTS (idle) - 4);
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    wherry_raw_client_free (idle[i]);
  while (g_main_context_iteration (NULL, FALSE))
    ;

  /* WebSockets are not pushed out: whoever comes when all are taken is refused */
  {
    g_autoptr (RawClient) third = wherry_raw_client_new_websocket (f->port);
    g_autoptr (RawClient) fourth = wherry_raw_client_new_websocket (f->port);

    refused = fetch (f, "GET", "/healthz", "");
    g_assert_cmpstr (refused, ==, "");
    wherry_raw_client_say (sockets[0], "{\"type\":\"ping\"}");
    wherry_raw_client_hears (sockets[0], "pong");
  }
  for (guint i = 0; i < G_N_ELEMENTS (sockets); i++)
    wherry_raw_client_free (sockets[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, data, func)                                                                      \
  g_test_add (path, ServerFixture, GUINT_TO_POINTER (data), server_set_up, func, server_tear_down)
  ADD ("/http/page", 0, test_page);
  ADD ("/http/statuses", 0, test_statuses);
  ADD ("/http/health-and-metrics", 0, test_health_and_metrics);
  ADD ("/http/foreign-pages", 0, test_foreign_pages);
  ADD ("/http/large-requests", 0, test_large_requests);
  ADD ("/http/bad-lengths", 0, test_bad_lengths);
  ADD ("/http/deadlines", 0, test_deadlines);
  ADD ("/http/cap", 4, test_cap);
  return g_test_run ();
}
