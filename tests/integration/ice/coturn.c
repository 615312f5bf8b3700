/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include <glib/gstdio.h>

#include "fixtures/wherry-wait.h"

#include "integration/ice/coturn.h"

/* A port that is free now may be taken before coturn has it: then again. */
#define TRIES 5

static char *
make_certificate (Coturn *self, const char *name, const char *subject)
{
  g_autofree char *key = g_strdup_printf ("%s/%s.key", self->directory, name);
  g_autofree char *alternative = g_strdup_printf ("subjectAltName=%s", subject);
  char *file = g_strdup_printf ("%s/%s.pem", self->directory, name);
  const char *argv[] = { "openssl",
                         "req",
                         "-x509",
                         "-newkey",
                         "ec",
                         "-pkeyopt",
                         "ec_paramgen_curve:P-256",
                         "-nodes",
                         "-keyout",
                         key,
                         "-out",
                         file,
                         "-days",
                         "2",
                         "-subj",
                         "/CN=wherry test",
                         "-addext",
                         alternative,
                         NULL };
  g_autoptr (GError) error = NULL;
  int status = -1;

  g_assert_true (
      g_spawn_sync (NULL, (char **) argv, NULL,
                    G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                    NULL, NULL, NULL, NULL, &status, &error));
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  return file;
}

static guint16
free_port (void)
{
  g_autoptr (GSocket) socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;

  g_assert_true (g_socket_bind (socket, wanted, FALSE, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

static void
die_with_test (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Coturn *self = user_data;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);

  if (n <= 0)
    {
      self->ended = TRUE;
      return;
    }
  g_string_append_len (self->log, self->buffer, n);
  g_input_stream_read_async (self->output, self->buffer, sizeof self->buffer, G_PRIORITY_DEFAULT,
                             NULL, on_read, self);
}

static void
launch (Coturn *self)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autofree char *port = g_strdup_printf ("--listening-port=%u", self->port);
  g_autofree char *tls_port = g_strdup_printf ("--tls-listening-port=%u", self->tls_port);
  g_autofree char *cert = g_strdup_printf ("--cert=%s", self->certificate);
  g_autofree char *key = g_strdup_printf ("--pkey=%s/server.key", self->directory);
  g_autofree char *database = g_strdup_printf ("--userdb=%s/users", self->directory);
  g_autofree char *pid_file = g_strdup_printf ("--pidfile=%s/pid", self->directory);
  g_autoptr (GError) error = NULL;

  g_subprocess_launcher_set_child_setup (launcher, die_with_test, NULL, NULL);
  self->process = g_subprocess_launcher_spawn (launcher, &error, "turnserver", "-n",
                                               "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1",
                                               port, tls_port, "--lt-cred-mech",
                                               "--user=" COTURN_USER ":" COTURN_PASSWORD,
                                               "--realm=wherry.test", "--allow-loopback-peers",
                                               "--no-multicast-peers", "--no-cli", "--no-dtls",
                                               "--log-file=stdout", "--simple-log", "--verbose",
                                               pid_file, database, cert, key, NULL);
  g_assert_no_error (error);
  self->ended = FALSE;
  self->output = g_object_ref (g_subprocess_get_stdout_pipe (self->process));
  g_input_stream_read_async (self->output, self->buffer, sizeof self->buffer, G_PRIORITY_DEFAULT,
                             NULL, on_read, self);
}

static void
end_process (Coturn *self)
{
  g_subprocess_force_exit (self->process);
  g_subprocess_wait (self->process, NULL, NULL);
  WHERRY_WAIT_UNTIL (NULL, self->ended);
  g_clear_object (&self->output);
  g_clear_object (&self->process);
}

/* Its threads open their sockets each in its own time, and say so. */
static gboolean
listens (Coturn *self)
{
  g_autofree char *udp = g_strdup_printf ("UDP listener opened on: 127.0.0.1:%u", self->port);
  g_autofree char *tcp = g_strdup_printf ("TCP listener opened on : 127.0.0.1:%u", self->port);
  g_autofree char *tls = g_strdup_printf ("TCP listener opened on : 127.0.0.1:%u", self->tls_port);

  return coturn_count (self, "Total General servers") > 0 && coturn_count (self, udp) > 0
         && coturn_count (self, tcp) > 0 && coturn_count (self, tls) > 0;
}

gboolean
coturn_start (Coturn *self)
{
  g_autofree char *program = g_find_program_in_path ("turnserver");

  memset (self, 0, sizeof *self);
  if (program == NULL)
    {
      g_test_skip ("there is no turnserver: install coturn");
      return FALSE;
    }
  self->directory = g_dir_make_tmp ("wherry-coturn-XXXXXX", NULL);
  g_assert_nonnull (self->directory);
  self->certificate = make_certificate (self, "server", "DNS:localhost");
  self->other_certificate = make_certificate (self, "other", "DNS:localhost");
  self->log = g_string_new (NULL);
  for (guint i = 0; i < TRIES; i++)
    {
      self->port = free_port ();
      self->tls_port = free_port ();
      g_string_truncate (self->log, 0);
      launch (self);
      WHERRY_WAIT_UNTIL (NULL, self->ended || listens (self));
      if (!self->ended && coturn_count (self, "annot bind") == 0)
        return TRUE;
      g_test_message ("coturn did not start: %s", self->log->str);
      end_process (self);
    }
  g_assert_not_reached ();
}

void
coturn_stop (Coturn *self)
{
  const char *name;
  GDir *dir;

  end_process (self);
  dir = g_dir_open (self->directory, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->directory, name, NULL);

      g_unlink (path);
    }
  g_dir_close (dir);
  g_rmdir (self->directory);
  g_string_free (self->log, TRUE);
  g_free (self->directory);
  g_free (self->certificate);
  g_free (self->other_certificate);
}

guint
coturn_count (Coturn *self, const char *text)
{
  guint n = 0;

  for (const char *p = self->log->str; (p = strstr (p, text)) != NULL; p++)
    n++;
  return n;
}
