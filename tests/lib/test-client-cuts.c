/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "client-life.h"
#include "far-server.h"
#include "fixtures/wherry-own-network.h"
#include "fixtures/wherry-wait.h"
#include "lib/wherry.h"

/* Two clients on this machine, wherryd on the other, and both lose their addresses again and again,
 * those of their signaling too, while they talk; or wherryd ends and is started again, with what it
 * had on disk: they come back as the members that they were. */

#define SEND_EVERY_MS 2
#define N_CUTS 5

typedef struct
{
  FarServer server;
  char *directory;
  char *file; /* its configuration */
  WherryConfiguration *configuration;
} Fixture;

typedef struct
{
  WherryClient *client;
  WherryClientChannel *chat;
  char *other; /* id */
  GSource *sending;
  guint n_sent;   /* to everybody, and as many to the other one */
  guint heard[2]; /* of each kind */
  guint n_resumed;
  guint n_gaps;
  guint n_closed;
  guint n_connections;
} End;

static const char *wherryd;

/* ---- the server ---- */

/* data: (nullable): it keeps on disk what that topic keeps */
static void
set_up (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("wherry-cuts-XXXXXX", &error);
  g_assert_no_error (error);
  self->file = g_build_filename (self->directory, "wherryd.conf", NULL);
  text = data == NULL ? g_strdup ("")
                      : g_strdup_printf ("[wherryd]\nhistory-dir = %s/history\n"
                                         "[topic %s]\nhistory-messages = 100000\n",
                                         self->directory, (const char *) data);
  g_file_set_contents (self->file, text, -1, &error);
  g_assert_no_error (error);
  far_server_start (&self->server, wherryd, FAR_SERVER_LISTEN, "--config", self->file, NULL);
  self->configuration = wherry_configuration_new ();
}

static void
empty (const char *path)
{
  g_autoptr (GDir) directory = g_dir_open (path, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      empty (file);
      g_remove (file);
    }
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  far_server_clear (&self->server);
  empty (self->directory);
  g_rmdir (self->directory);
  g_object_unref (self->configuration);
  g_free (self->directory);
  g_free (self->file);
}

/* ---- clients that number what they send ---- */

static void
on_message (WherryClientChannel *channel, GBytes *data, gboolean is_text, const char *sender,
            guint64 sequence, WherryMessageFlags flags, gpointer user_data)
{
  End *self = user_data;
  g_autofree char *text = g_strndup (g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  guint kind = (flags & WHERRY_MESSAGE_FLAGS_DIRECT) != 0;

  g_assert_cmpint (is_text, ==, kind == 0);
  g_assert_nonnull (sender);
  g_assert_true (self->other == NULL || g_str_equal (sender, self->other));
  g_assert_cmpint (atoi (text), ==, self->heard[kind]);
  g_assert_cmpuint (sequence, >, 0);
  self->heard[kind]++;
}

static gboolean
on_send (gpointer user_data)
{
  End *self = user_data;
  g_autofree char *text = g_strdup_printf ("%u", self->n_sent);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  wherry_client_channel_send_text (self->chat, text, NULL, &error);
  g_assert_no_error (error);
  wherry_client_channel_send_bytes (self->chat, bytes, self->other, &error);
  g_assert_no_error (error);
  self->n_sent++;
  return G_SOURCE_CONTINUE;
}

static void
on_prepare (WherryClient *client, WherryPeerConnection *connection, gpointer user_data)
{
  ((End *) user_data)->n_connections++;
}

static void
on_resumed (WherryClient *client, gpointer user_data)
{
  ((End *) user_data)->n_resumed++;
}

static void
on_gap (WherryClient *client, const char *const *topics, gpointer user_data)
{
  ((End *) user_data)->n_gaps++;
}

static void
on_closed (WherryClientChannel *channel, gpointer user_data)
{
  ((End *) user_data)->n_closed++;
}

static gboolean
is_open (End *self)
{
  return wherry_client_channel_get_ready_state (self->chat) == WHERRY_DATA_CHANNEL_STATE_OPEN;
}

static End *
end_join (Fixture *fixture, const char *name)
{
  End *self = g_new0 (End, 1);
  g_autoptr (GError) error = NULL;

  self->client = wherry_client_new (fixture->server.uri, "room", name);
  g_object_set (self->client, "configuration", fixture->configuration, "min-delay", 50, NULL);
  self->chat = wherry_client_open_channel (self->client, "chat", NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (self->chat, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->chat, "closed", G_CALLBACK (on_closed), self);
  g_signal_connect (self->client, "prepare", G_CALLBACK (on_prepare), self);
  g_signal_connect (self->client, "resumed", G_CALLBACK (on_resumed), self);
  g_signal_connect (self->client, "gap", G_CALLBACK (on_gap), self);
  client_join (self->client);
  WHERRY_WAIT_UNTIL (NULL, is_open (self));
  return self;
}

static void
end_begin (End *self, End *other)
{
  self->other = g_strdup (wherry_client_get_id (other->client));
  self->sending = g_timeout_source_new (SEND_EVERY_MS);
  g_source_set_callback (self->sending, on_send, self, NULL);
  g_source_attach (self->sending, NULL);
}

static void
end_stop (End *self)
{
  g_source_destroy (self->sending);
  g_clear_pointer (&self->sending, g_source_unref);
}

static void
end_leave (End *self)
{
  gpointer client = self->client;
  gpointer chat = self->chat;

  g_assert_cmpuint (self->n_closed, ==, 0);
  client_leave (self->client);
  g_assert_cmpuint (self->n_closed, ==, 1);
  g_object_add_weak_pointer (client, &client);
  g_object_add_weak_pointer (chat, &chat);
  g_object_unref (self->client);
  g_object_unref (self->chat);
  WHERRY_WAIT_UNTIL (NULL, client == NULL && chat == NULL);
  g_free (self->other);
  g_free (self);
}

/* ---- the tests ---- */

static gboolean
has_all (End *self, End *other)
{
  return self->heard[0] == other->n_sent && self->heard[1] == other->n_sent;
}

static gboolean
is_back (End *self, guint n)
{
  return self->n_resumed == n
         && wherry_client_get_state (self->client) == WHERRY_CLIENT_STATE_CONNECTED;
}

static void
move (guint from, guint to)
{
  static const char *const networks[] = { "10.77.0", "wherry0", "10.66.0", "wherry2" };

  for (guint i = 0; i < G_N_ELEMENTS (networks); i += 2)
    {
      g_autofree char *gone
          = g_strdup_printf ("address delete %s.%u/24 dev %s", networks[i], from, networks[i + 1]);

      wherry_own_network_ip (gone);
    }
  for (guint i = 0; i < G_N_ELEMENTS (networks); i += 2)
    {
      g_autofree char *come
          = g_strdup_printf ("address add %s.%u/24 dev %s", networks[i], to, networks[i + 1]);

      wherry_own_network_ip (come);
    }
}

static void
check_back (End *ann, End *bob, guint n, gint64 begin_us)
{
  WHERRY_WAIT_UNTIL (NULL, is_back (ann, n) && is_back (bob, n));
  g_test_message ("%u: back after %" G_GINT64_FORMAT " ms", n,
                  (g_get_monotonic_time () - begin_us) / 1000);
  g_assert_true (is_open (ann) && is_open (bob));
  g_assert_cmpstr (wherry_client_get_id (ann->client), ==, bob->other);
  g_assert_cmpstr (wherry_client_get_id (bob->client), ==, ann->other);
}

/* All that was sent before has arrived. */
static void
check_flow (End *ann, End *bob)
{
  guint from_ann = ann->n_sent;
  guint from_bob = bob->n_sent;

  WHERRY_WAIT_UNTIL (NULL, bob->heard[1] > from_ann && ann->heard[1] > from_bob);
}

static void
finish (End *ann, End *bob, guint n)
{
  end_stop (ann);
  end_stop (bob);
  WHERRY_WAIT_UNTIL (NULL, has_all (ann, bob) && has_all (bob, ann));
  g_test_message ("%u and %u messages of each kind", ann->n_sent, bob->n_sent);
  g_assert_cmpuint (ann->n_connections, >, n);
  g_assert_cmpuint (bob->n_connections, >, n);
  g_assert_cmpuint (ann->n_gaps + bob->n_gaps, ==, 0);
  end_leave (ann);
  end_leave (bob);
}

static void
test_cuts (Fixture *self, gconstpointer data)
{
  End *ann = end_join (self, "ann");
  End *bob = end_join (self, "bob");

  end_begin (ann, bob);
  end_begin (bob, ann);
  for (guint i = 1; i <= N_CUTS; i++)
    {
      gint64 begin_us = g_get_monotonic_time ();

      check_flow (ann, bob);
      move (i % 2 == 1 ? 1 : 9, i % 2 == 1 ? 9 : 1);
      check_back (ann, bob, i, begin_us);
    }
  finish (ann, bob, N_CUTS);
  move (9, 1);
}

static void
test_restarts (Fixture *self, gconstpointer data)
{
  static const int signals[] = { SIGTERM, SIGKILL };
  End *ann = end_join (self, "ann");
  End *bob = end_join (self, "bob");

  end_begin (ann, bob);
  end_begin (bob, ann);
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      g_autofree char *listen = g_strdup (strstr (self->server.uri, "//") + 2);
      gint64 begin_us = g_get_monotonic_time ();

      listen[strcspn (listen, "/")] = '\0';
      check_flow (ann, bob);
      far_server_end (&self->server, signals[i]);
      far_server_start (&self->server, wherryd, listen, "--config", self->file, NULL);
      check_back (ann, bob, i + 1, begin_us);
    }
  finish (ann, bob, G_N_ELEMENTS (signals));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_assert_cmpint (argc, >=, 2);
  wherryd = argv[1];
  if (!far_server_enter (NULL))
    return 0;
  g_test_add ("/client-cuts/same-member-nothing-lost", Fixture, NULL, set_up, test_cuts, tear_down);
  g_test_add ("/client-cuts/server-restarts", Fixture, "chat", set_up, test_restarts, tear_down);
  return g_test_run ();
}
