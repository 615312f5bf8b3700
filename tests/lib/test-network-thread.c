/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/connection-pair.h"

/* Which thread a connection does its networking on, by the public API and the kernel's list. */

static guint
count_network_threads (void)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const char *task;
  guint n = 0;

  while ((task = g_dir_read_name (tasks)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", task, "comm", NULL);
      g_autofree char *name = NULL;

      /* one may have ended in between */
      if (g_file_get_contents (path, &name, NULL, NULL) && strcmp (name, "network\n") == 0)
        n++;
    }
  return n;
}

static void
test_shared (void)
{
  ConnectionPair *pairs[3];

  g_assert_cmpuint (count_network_threads (), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    pairs[i] = connection_pair_new (NULL);
  WHERRY_WAIT_UNTIL (NULL, count_network_threads () == 1);
  connection_pair_free (pairs[0]);
  connection_pair_free (pairs[1]);
  /* a thread of GLib's has the name of the one that made it until it takes its own */
  WHERRY_WAIT_UNTIL (NULL, count_network_threads () == 1);
  connection_pair_free (pairs[2]);
  WHERRY_WAIT_UNTIL (NULL, count_network_threads () == 0);
}

static void
on_text (WherryDataChannel *channel, GBytes *data, gboolean is_text, guint *n)
{
  (*n)++;
}

static void
test_own (void)
{
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();
  g_autoptr (WherryConfiguration) other = pair_configuration_new ();
  ConnectionPair *shared = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = NULL;
  g_autoptr (GError) error = NULL;
  ConnectionPair *own;
  guint n = 0;

  wherry_configuration_set_own_thread (configuration, TRUE);
  own = connection_pair_new (configuration);
  WHERRY_WAIT_UNTIL (NULL, count_network_threads () == 3);
  channel = wherry_peer_connection_create_data_channel (own->a.connection, "x", NULL, NULL);
  pair_negotiate (&own->a);
  WHERRY_WAIT_UNTIL (NULL, own->b.channels->len == 1);
  g_signal_connect (g_ptr_array_index (own->b.channels, 0), "message", G_CALLBACK (on_text), &n);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (channel)
                               == WHERRY_DATA_CHANNEL_STATE_OPEN);
  g_assert_true (wherry_data_channel_send_text (channel, "over two threads", NULL));
  WHERRY_WAIT_UNTIL (NULL, n == 1);

  g_assert_false (wherry_peer_connection_set_configuration (own->a.connection, other, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  g_signal_handlers_disconnect_by_data (g_ptr_array_index (own->b.channels, 0), &n);
  g_clear_object (&channel);
  connection_pair_free (own);
  WHERRY_WAIT_UNTIL (NULL, count_network_threads () == 1);
  connection_pair_free (shared);
  WHERRY_WAIT_UNTIL (NULL, count_network_threads () == 0);
}

/* Connections that are made on another main context have another thread. */
static void
test_another_context (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (GMainContext) context = g_main_context_new ();
  WherryPeerConnection *there;

  g_main_context_push_thread_default (context);
  there = wherry_peer_connection_new (NULL, NULL);
  WHERRY_WAIT_UNTIL (NULL, count_network_threads () == 2);
  wherry_peer_connection_close (there);
  g_object_unref (there);
  WHERRY_WAIT_UNTIL (context, count_network_threads () == 1);
  g_main_context_pop_thread_default (context);
  connection_pair_free (pair);
  WHERRY_WAIT_UNTIL (NULL, count_network_threads () == 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/network-thread/shared", test_shared);
  g_test_add_func ("/network-thread/own", test_own);
  g_test_add_func ("/network-thread/another-context", test_another_context);
  return g_test_run ();
}
