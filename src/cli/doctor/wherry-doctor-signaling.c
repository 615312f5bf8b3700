/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/doctor/wherry-doctor-look.h"

/* A name with more addresses than this is a load balancer's: its first ones tell enough. */
#define ADDRESSES_MAX 8u
#define CONNECT_PATH "/connect"

typedef WherryDoctorLook Look;

static void
look_clear (Look *self)
{
  g_free (self->host);
  g_free (self->target);
  g_free (self->place);
  g_clear_object (&self->stream);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Look, look_clear)

static WherryDoctorReport *
report_of (Look *self)
{
  return self->doctor->report;
}

/* As the library finds it: the server's "/" stands for its "/connect". */
static gboolean
take_uri (Look *self, const char *text)
{
  g_autoptr (GUri) uri
      = g_uri_parse (text, G_URI_FLAGS_SCHEME_NORMALIZE | G_URI_FLAGS_ENCODED, NULL);
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : "";
  g_autofree char *folder = NULL;
  const char *path;

  self->is_secure = g_str_equal (scheme, "https") || g_str_equal (scheme, "wss");
  if (uri == NULL || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0'
      || (!self->is_secure && !g_str_equal (scheme, "http") && !g_str_equal (scheme, "ws")))
    {
      wherry_doctor_report_cause (
          report_of (self), "bad-url", WHERRY_EXIT_USAGE,
          g_strdup (_ ("This is not the address of a server.")), g_strdup (text),
          g_strdup (_ ("Give http://HOST:PORT/ or https://HOST/, or stun: or turn: for those "
                       "servers, or - to read a description.")),
          NULL);
      return FALSE;
    }
  self->host = g_strdup (g_uri_get_host (uri));
  self->port = (guint16) (g_uri_get_port (uri) > 0 ? g_uri_get_port (uri)
                          : self->is_secure        ? 443
                                                   : 80);
  path = g_uri_get_path (uri);
  if (!g_str_has_suffix (path, CONNECT_PATH))
    {
      const char *slash = strrchr (path, '/');

      folder = g_strndup (path, slash != NULL ? (gsize) (slash - path) : 0);
      self->target = g_strconcat (folder, CONNECT_PATH, NULL);
    }
  else
    self->target = g_strdup (path);
  self->place = strchr (self->host, ':') != NULL
                    ? g_strdup_printf ("[%s]:%u", self->host, self->port)
                    : g_strdup_printf ("%s:%u", self->host, self->port);
  return TRUE;
}

/* ---- the name ---- */

/* (transfer full) (nullable): a list of GInetAddress */
static GList *
resolve (Look *self)
{
  GInetAddress *literal = g_inet_address_new_from_string (self->host);
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) names = g_string_new (NULL);
  WherryAwait wait;
  GList *addresses;

  if (literal != NULL)
    return g_list_append (NULL, literal);
  wherry_await_begin (&wait, self->doctor->cancellable, WHERRY_DOCTOR_STEP_TIMEOUT_MS);
  g_resolver_lookup_by_name_async (resolver, self->host, wait.cancellable, wherry_await_done,
                                   &wait);
  addresses = g_resolver_lookup_by_name_finish (resolver, wherry_await_result (&wait), &error);
  wherry_await_end (&wait);
  if (addresses == NULL)
    {
      wherry_doctor_report_step (
          report_of (self), WHERRY_DOCTOR_BAD, "name",
          wherry_doctor_evidence ("host", self->host, "error", error->message, NULL), "%s: %s",
          self->host, wait.is_late ? _ ("the name servers do not answer") : error->message);
      wherry_doctor_report_cause (
          report_of (self), "name-not-found", WHERRY_EXIT_NOT_REACHED,
          g_strdup_printf (_ ("The name %s leads nowhere."), self->host),
          g_strdup (wait.is_late ? _ ("the name servers do not answer") : error->message),
          g_strdup_printf (_ ("Look for a slip in the name; try “getent hosts %s”; look at "
                              "/etc/resolv.conf, or use the server's IP address."),
                           self->host),
          wherry_doctor_evidence ("host", self->host, NULL));
      return NULL;
    }
  for (GList *at = addresses; at != NULL; at = at->next)
    {
      g_autofree char *text = g_inet_address_to_string (at->data);

      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", text);
    }
  wherry_doctor_report_step (report_of (self), WHERRY_DOCTOR_GOOD, "name",
                             wherry_doctor_evidence ("host", self->host, "addresses", names->str,
                                                     NULL),
                             "%s is %s", self->host, names->str);
  return addresses;
}

/* ---- TCP ---- */

static const char *
advise_tcp (const GError *error, const char **id)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    {
      *id = "nothing-listening";
      return _ ("Start wherryd there (systemctl status wherryd), look at which address and port it "
                "listens (ss -ltnp, its --listen), or correct the URL.");
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      *id = "tcp-silent";
      return _ ("See whether the machine is up, and whether a firewall on the way (there, here, or "
                "of a cloud) drops this TCP port.");
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE))
    {
      *id = "no-route";
      return _ ("See whether this machine is on the network (ip address, ip route) and the server "
                "is in a network that it can reach; a VPN may be needed.");
    }
  *id = "tcp-failed";
  return _ ("See what stands in the way of TCP from this machine.");
}

/* What happened at the last address is the cause: the others are in the steps. */
static void
judge_tcp (Look *self, const char *remote, const GError *error, gboolean is_late)
{
  const char *id;
  const char *todo = advise_tcp (error, &id);

  wherry_doctor_report_cause (report_of (self), id, WHERRY_EXIT_NOT_REACHED,
                              g_strdup_printf (g_str_equal (id, "nothing-listening")
                                                   ? _ ("Nothing listens at %s.")
                                                   : _ ("The server at %s is not reached."),
                                               self->place),
                              g_strdup_printf (_ ("TCP to %s: %s"), remote,
                                               is_late ? _ ("no answer in 5 seconds")
                                                       : error->message),
                              g_strdup (todo),
                              wherry_doctor_evidence ("address", remote, "error",
                                                      is_late ? "timeout" : error->message, NULL));
}

static GSocketConnection *
connect_to (Look *self, GInetAddress *address, GError **error, gboolean *is_late)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) remote = g_inet_socket_address_new (address, self->port);
  WherryAwait wait;
  GSocketConnection *connection;

  g_socket_client_set_enable_proxy (client, FALSE);
  wherry_await_begin (&wait, self->doctor->cancellable, WHERRY_DOCTOR_STEP_TIMEOUT_MS);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (remote), wait.cancellable,
                                 wherry_await_done, &wait);
  connection = g_socket_client_connect_finish (client, wherry_await_result (&wait), error);
  wherry_await_end (&wait);
  *is_late = wait.is_late;
  return connection;
}

static void
tell_tcp (Look *self, const char *remote, const GError *error, gboolean is_late)
{
  /* browsers try the next address: one that does not work is no cause */
  wherry_doctor_report_step (
      report_of (self), self->stream != NULL ? WHERRY_DOCTOR_NOTE : WHERRY_DOCTOR_BAD, "tcp",
      wherry_doctor_evidence ("address", remote, "error", error->message, NULL), "%s: %s", remote,
      is_late ? _ ("no answer in 5 seconds") : error->message);
}

/* Each address, so that one that does not work is told even if another does. */
static gboolean
look_at_tcp (Look *self, GList *addresses)
{
  guint n = 0;

  for (GList *at = addresses; at != NULL && n < ADDRESSES_MAX; at = at->next, n++)
    {
      g_autoptr (GSocketAddress) remote = g_inet_socket_address_new (at->data, self->port);
      g_autofree char *text = wherry_stun_address_text (remote);
      g_autoptr (GError) error = NULL;
      gint64 begun = g_get_monotonic_time ();
      gboolean is_late;
      g_autoptr (GSocketConnection) connection = connect_to (self, at->data, &error, &is_late);

      if (g_cancellable_is_cancelled (self->doctor->cancellable))
        return FALSE;
      if (connection == NULL)
        {
          tell_tcp (self, text, error, is_late);
          if ((at->next == NULL || n + 1 == ADDRESSES_MAX) && self->stream == NULL)
            judge_tcp (self, text, error, is_late);
          continue;
        }
      wherry_doctor_report_step (report_of (self), WHERRY_DOCTOR_GOOD, "tcp",
                                 wherry_doctor_evidence ("address", text, NULL),
                                 _ ("%s accepts, in %.1f ms"), text,
                                 (double) (g_get_monotonic_time () - begun) / 1000);
      if (self->stream != NULL)
        continue;
      self->stream = G_IO_STREAM (g_steal_pointer (&connection));
      self->doctor->server = g_steal_pointer (&remote);
    }
  return self->stream != NULL;
}

gboolean
wherry_doctor_look_at_signaling (WherryDoctor *doctor, const char *uri)
{
  g_auto (Look) self = { .doctor = doctor };
  g_autolist (GInetAddress) addresses = NULL;

  wherry_doctor_report_section (doctor->report, "signaling", _ ("Signaling"));
  if (!take_uri (&self, uri))
    return FALSE;
  addresses = resolve (&self);
  return addresses != NULL && look_at_tcp (&self, addresses) && wherry_doctor_look_at_tls (&self)
         && wherry_doctor_look_at_websocket (&self);
}
