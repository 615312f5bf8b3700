/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/doctor/wherry-doctor-look.h"

/* Of an HTTP answer: no server's headers are longer, and nothing else is kept. */
#define ANSWER_MAX 16384u
/* RFC 6455 section 1.3 */
#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define WEBSOCKET_KEY_SIZE 16u

typedef WherryDoctorLook Look;

static WherryDoctorReport *
report_of (Look *self)
{
  return self->doctor->report;
}

/* ---- TLS ---- */

static gboolean
on_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
                GTlsCertificateFlags flags, Look *self)
{
  self->flags = flags;
  return FALSE;
}

/* (transfer full) */
static char *
describe_certificate (GTlsConnection *connection, GTlsCertificateFlags flags)
{
  static const struct
  {
    GTlsCertificateFlags flag;
    const char *text;
  } table[] = {
    { G_TLS_CERTIFICATE_UNKNOWN_CA, N_ ("nobody whom this machine trusts has signed it") },
    { G_TLS_CERTIFICATE_BAD_IDENTITY, N_ ("it is for another name") },
    { G_TLS_CERTIFICATE_NOT_ACTIVATED, N_ ("it is not valid yet") },
    { G_TLS_CERTIFICATE_EXPIRED, N_ ("it has expired") },
    { G_TLS_CERTIFICATE_REVOKED, N_ ("it was revoked") },
    { G_TLS_CERTIFICATE_INSECURE, N_ ("its algorithm is too weak") },
  };
  GTlsCertificate *certificate = g_tls_connection_get_peer_certificate (connection);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if ((flags & table[i].flag) != 0)
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", _ (table[i].text));
  if (certificate != NULL)
    {
      g_autofree char *subject = g_tls_certificate_get_subject_name (certificate);
      g_autoptr (GDateTime) end = g_tls_certificate_get_not_valid_after (certificate);
      g_autofree char *until = end != NULL ? g_date_time_format_iso8601 (end) : NULL;

      g_string_append_printf (text, _ (" (certificate of %s, until %s)"),
                              subject != NULL ? subject : "?", until != NULL ? until : "?");
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
judge_tls (Look *self, GTlsConnection *tls, const GError *error)
{
  g_autofree char *certificate = self->flags != 0 ? describe_certificate (tls, self->flags) : NULL;
  const char *what = certificate != NULL ? certificate : error->message;

  wherry_doctor_report_step (report_of (self), WHERRY_DOCTOR_BAD, "tls",
                             wherry_doctor_evidence ("error", what, NULL), "%s", what);
  if (certificate != NULL)
    wherry_doctor_report_cause (
        report_of (self), "certificate", WHERRY_EXIT_UNVERIFIED,
        g_strdup_printf (_ ("The certificate of %s cannot be trusted."), self->place),
        g_strdup (what),
        g_strdup (_ ("Renew the certificate for this name and reload the server or its proxy; if "
                     "the authority is your own, install its certificate on this machine; compare "
                     "the clocks (date).")),
        wherry_doctor_evidence ("address", self->place, "error", what, NULL));
  else
    wherry_doctor_report_cause (
        report_of (self), "tls", WHERRY_EXIT_NOT_REACHED,
        g_strdup_printf (_ ("%s takes TCP connections and does not speak TLS on them."),
                         self->place),
        g_strdup (what), g_strdup (_ ("If that port is plain HTTP, say http: instead of https:.")),
        wherry_doctor_evidence ("address", self->place, "error", what, NULL));
}

gboolean
wherry_doctor_look_at_tls (Look *self)
{
  g_autoptr (GSocketConnectable) identity = g_network_address_new (self->host, self->port);
  g_autoptr (GIOStream) tls = NULL;
  g_autoptr (GError) error = NULL;
  WherryAwait wait;
  gboolean shaken;

  if (!self->is_secure)
    return TRUE;
  tls = g_tls_client_connection_new (self->stream, identity, &error);
  if (tls == NULL)
    {
      wherry_doctor_report_cause (report_of (self), "no-tls-here", WHERRY_EXIT_FAILED,
                                  g_strdup (_ ("This machine has no TLS for GLib.")),
                                  g_strdup (error->message),
                                  g_strdup (_ ("Install the package glib-networking.")), NULL);
      return FALSE;
    }
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (on_certificate), self);
  wherry_await_begin (&wait, self->doctor->cancellable, WHERRY_DOCTOR_STEP_TIMEOUT_MS);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, wait.cancellable,
                                    wherry_await_done, &wait);
  shaken = g_tls_connection_handshake_finish (G_TLS_CONNECTION (tls), wherry_await_result (&wait),
                                              &error);
  wherry_await_end (&wait);
  if (!shaken)
    {
      judge_tls (self, G_TLS_CONNECTION (tls), error);
      return FALSE;
    }
  wherry_doctor_report_step (report_of (self), WHERRY_DOCTOR_GOOD, "tls",
                             wherry_doctor_evidence ("host", self->host, NULL),
                             _ ("the certificate is good for %s"), self->host);
  g_set_object (&self->stream, tls);
  return TRUE;
}

/* ---- HTTP and the WebSocket ---- */

static gboolean
has_headers (const GByteArray *answer)
{
  return answer->len > 0
         && g_strstr_len ((const char *) answer->data, (gssize) answer->len, "\r\n\r\n") != NULL;
}

/* (transfer full): what it answers, up to the end of its headers or the connection; NULL: nothing
 * in time. */
static char *
exchange (Look *self, const char *request, GError **error)
{
  GOutputStream *output = g_io_stream_get_output_stream (self->stream);
  GInputStream *input = g_io_stream_get_input_stream (self->stream);
  g_autoptr (GByteArray) answer = g_byte_array_new ();
  WherryAwait wait;
  gboolean is_over;

  wherry_await_begin (&wait, self->doctor->cancellable, WHERRY_DOCTOR_STEP_TIMEOUT_MS);
  g_output_stream_write_all_async (output, request, strlen (request), G_PRIORITY_DEFAULT,
                                   wait.cancellable, wherry_await_done, &wait);
  is_over = !g_output_stream_write_all_finish (output, wherry_await_result (&wait), NULL, error);
  wherry_await_end (&wait);
  while (!is_over && answer->len < ANSWER_MAX && !has_headers (answer))
    {
      g_autoptr (GBytes) bytes = NULL;

      wherry_await_begin (&wait, self->doctor->cancellable, WHERRY_DOCTOR_STEP_TIMEOUT_MS);
      g_input_stream_read_bytes_async (input, 4096, G_PRIORITY_DEFAULT, wait.cancellable,
                                       wherry_await_done, &wait);
      bytes = g_input_stream_read_bytes_finish (input, wherry_await_result (&wait),
                                                answer->len > 0 ? NULL : error);
      wherry_await_end (&wait);
      is_over = bytes == NULL || g_bytes_get_size (bytes) == 0;
      if (!is_over)
        g_byte_array_append (answer, g_bytes_get_data (bytes, NULL),
                             (guint) g_bytes_get_size (bytes));
    }
  if (answer->len == 0)
    {
      if (error != NULL && *error == NULL)
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
                             _ ("the server closed the connection"));
      return NULL;
    }
  return g_utf8_make_valid ((const char *) answer->data, (gssize) answer->len);
}

/* (transfer full) (nullable) */
static char *
get_header (char **lines, const char *name)
{
  gsize n = strlen (name);

  for (char **line = lines; *line != NULL && **line != '\0'; line++)
    if (g_ascii_strncasecmp (*line, name, n) == 0 && (*line)[n] == ':')
      return g_strstrip (g_strdup (*line + n + 1));
  return NULL;
}

static gboolean
is_accepted (char **lines, const char *key)
{
  g_autofree char *accept = get_header (lines, "Sec-WebSocket-Accept");
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  g_autofree char *expected = NULL;
  guint8 digest[20];
  gsize n = sizeof digest;

  g_checksum_update (checksum, (const guint8 *) key, -1);
  g_checksum_update (checksum, (const guint8 *) WEBSOCKET_GUID, -1);
  g_checksum_get_digest (checksum, digest, &n);
  expected = g_base64_encode (digest, n);
  return g_strcmp0 (accept, expected) == 0;
}

static void
judge_http (Look *self, guint status, const char *first, const char *server, const char *body)
{
  g_autofree char *evidence
      = g_strdup_printf (_ ("GET %s at %s: “%s”%s%s%s%s"), self->target, self->place, first,
                         server != NULL ? _ (", server ") : "", server != NULL ? server : "",
                         *body != '\0' ? ": " : "", body);
  g_autofree char *code = g_strdup_printf ("%u", status);
  JsonObject *data = wherry_doctor_evidence ("address", self->place, "status", code, "server",
                                             server, "body", body, NULL);

  if (status == 401 || status == 403)
    wherry_doctor_report_cause (
        report_of (self), "http-refused", WHERRY_EXIT_REFUSED,
        g_strdup_printf (_ ("%s refuses the WebSocket."), self->place), g_steal_pointer (&evidence),
        g_strdup (_ ("If that is wherryd, the name in the URL must be one that it knows as its own "
                     "(its allowed-host); if it is a proxy, it wants a login of its own.")),
        data);
  else if (status == 502 || status == 503 || status == 504)
    wherry_doctor_report_cause (
        report_of (self), "unavailable", WHERRY_EXIT_NOT_REACHED,
        g_strdup_printf (_ ("%s is there, and the relay behind it is not, or is full or ending."),
                         self->place),
        g_steal_pointer (&evidence),
        g_strdup (_ ("Start wherryd behind the proxy, or wait until it has started again.")), data);
  else
    wherry_doctor_report_cause (
        report_of (self), "no-websocket", WHERRY_EXIT_NOT_REACHED,
        g_strdup_printf (_ ("What answers at %s is a web server, but no relay."), self->place),
        g_steal_pointer (&evidence),
        g_strdup (_ ("Correct the port or the path of the URL; a proxy in front of wherryd must "
                     "pass the WebSocket on (Upgrade and Connection headers).")),
        data);
}

static gboolean
take_answer (Look *self, const char *answer, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (answer, "\r\n", 256);
  const char *end = strstr (answer, "\r\n\r\n");
  g_autofree char *body = g_strndup (end != NULL ? end + 4 : "", 200);
  g_autofree char *server = get_header (lines, "Server");
  g_autofree char *protocol = get_header (lines, "Sec-WebSocket-Protocol");
  guint status = 0;

  if (!g_str_has_prefix (lines[0], "HTTP/1.") || strlen (lines[0]) < 12)
    {
      g_autofree char *some = g_strndup (lines[0], 60);

      wherry_doctor_report_step (report_of (self), WHERRY_DOCTOR_BAD, "http",
                                 wherry_doctor_evidence ("answer", some, NULL), "“%s”", some);
      wherry_doctor_report_cause (
          report_of (self), "not-http", WHERRY_EXIT_NOT_REACHED,
          g_strdup_printf (_ ("What answers at %s is no web server."), self->place),
          g_strdup_printf (_ ("it says “%s”"), some),
          g_strdup (_ ("Correct the port of the URL; a port with TLS wants https:.")),
          wherry_doctor_evidence ("address", self->place, "answer", some, NULL));
      return FALSE;
    }
  status = (guint) g_ascii_strtoull (lines[0] + 9, NULL, 10);
  g_strstrip (body);
  if (status == 101 && is_accepted (lines, key))
    {
      wherry_doctor_report_step (report_of (self), WHERRY_DOCTOR_GOOD, "websocket",
                                 wherry_doctor_evidence ("status", "101", "server", server,
                                                         "protocol", protocol, NULL),
                                 _ ("“%s”, subprotocol %s"), lines[0],
                                 protocol != NULL ? protocol : _ ("none"));
      return TRUE;
    }
  wherry_doctor_report_step (report_of (self), WHERRY_DOCTOR_BAD, "websocket",
                             wherry_doctor_evidence ("answer", lines[0], "server", server, "body",
                                                     body, NULL),
                             _ ("“%s” instead of 101%s%s"), lines[0], *body != '\0' ? ": " : "",
                             body);
  judge_http (self, status, lines[0], server, body);
  return FALSE;
}

gboolean
wherry_doctor_look_at_websocket (Look *self)
{
  guint32 chance[WEBSOCKET_KEY_SIZE / 4];
  g_autofree char *key = NULL;
  g_autofree char *request = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (GError) error = NULL;

  /* a nonce against caches, not a secret (RFC 6455 section 10.3) */
  for (guint i = 0; i < G_N_ELEMENTS (chance); i++)
    chance[i] = g_random_int ();
  key = g_base64_encode ((const guchar *) chance, sizeof chance);
  request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Protocol: wherry.1\r\nSec-WebSocket-Key: %s\r\n"
                             "User-Agent: wherry-doctor/" PACKAGE_VERSION "\r\n\r\n",
                             self->target, self->place, key);
  answer = exchange (self, request, &error);
  if (answer != NULL)
    return take_answer (self, answer, key);
  wherry_doctor_report_step (report_of (self), WHERRY_DOCTOR_BAD, "http",
                             wherry_doctor_evidence ("error", error->message, NULL), "%s",
                             error->message);
  wherry_doctor_report_cause (
      report_of (self), "http-silent", WHERRY_EXIT_NOT_REACHED,
      g_strdup_printf (_ ("%s takes TCP connections and answers nothing to HTTP."), self->place),
      g_strdup (error->message),
      g_strdup (_ ("Correct the port of the URL (one with TLS wants https:), or see why the server "
                   "hangs (journalctl -u wherryd).")),
      wherry_doctor_evidence ("address", self->place, "error", error->message, NULL));
  return FALSE;
}
