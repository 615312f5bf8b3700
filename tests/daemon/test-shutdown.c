/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <signal.h>
#include <string.h>

#include "fixtures/wherry-test-client.h"
#include "fixtures/wherry-wait.h"
#include "sctp/wherry-sctp-runtime.h"

/* The daemon's own process is told to end while members are connected and talk. */

#define N_MEMBERS 50
#define N_WORKERS 2

static const char *wherryd;

static GSubprocess *
start (char **url)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  g_autofree char *line = NULL;
  GSubprocess *daemon
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                          &error, wherryd, "--listen", "127.0.0.1:0", "--bind-address", "127.0.0.1",
                          NULL);

  g_assert_no_error (error);
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (daemon));
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (lines), FALSE);
  line = g_data_input_stream_read_line (lines, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);
  g_assert_nonnull (strstr (line, "http://"));
  *url = g_strdup (strstr (line, "http://"));
  return daemon;
}

static void
on_exited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_true (g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL));
  *(gboolean *) user_data = TRUE;
}

static guint
count (GPtrArray *clients, gboolean (*holds) (WherryTestClient *client))
{
  guint n = 0;

  for (guint i = 0; i < clients->len; i++)
    n += holds (clients->pdata[i]);
  return n;
}

static gboolean
has_all_channels (WherryTestClient *client)
{
  return wherry_test_client_is_open (client, "chat");
}

static void
test_members_are_told (gconstpointer data)
{
  static const WherryChannelInit chat = {
    .label = "chat", .protocol = "", .ordered = TRUE, .priority = 256, .id = WHERRY_CHANNEL_ID_NONE
  };
  g_autoptr (GPtrArray) clients
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_test_client_free);
  WherryWorker *workers[N_WORKERS];
  g_autofree char *url = NULL;
  g_autoptr (GSubprocess) daemon = start (&url);
  gboolean exited = FALSE;

  for (guint i = 0; i < N_WORKERS; i++)
    workers[i] = wherry_worker_new ("clients", NULL);
  for (guint i = 0; i < N_MEMBERS; i++)
    {
      g_autofree char *room = g_strdup_printf ("room %u", i % 5);
      WherryTestClientConfig config = { .url = url,
                                        .room = room,
                                        .channels = &chat,
                                        .n_channels = 1,
                                        .forget_messages = TRUE,
                                        .worker = workers[i % N_WORKERS] };

      g_ptr_array_add (clients, wherry_test_client_new (&config));
    }
  WHERRY_WAIT_UNTIL (NULL, count (clients, has_all_channels) == N_MEMBERS);
  /* one in each room talks all the time */
  for (guint i = 0; i < 5; i++)
    wherry_test_client_flood (clients->pdata[i], "chat", i, 1000000, 1024);

  g_subprocess_wait_async (daemon, NULL, on_exited, &exited);
  g_subprocess_send_signal (daemon, GPOINTER_TO_INT (data));
  WHERRY_WAIT_UNTIL (NULL,
                     count (clients, wherry_test_client_is_socket_closed) == N_MEMBERS && exited);
  for (guint i = 0; i < N_MEMBERS; i++)
    {
      WherryTestClient *client = clients->pdata[i];
      WherryLeaveReason reason;

      g_assert_true (wherry_test_client_has_left (client, &reason));
      g_assert_cmpint (reason, ==, WHERRY_LEAVE_SHUTDOWN);
      g_assert_cmpuint (wherry_test_client_get_close_code (client), ==, 1001);
      g_assert_cmpuint (wherry_test_client_get_n_left (client, WHERRY_LEAVE_SHUTDOWN), ==, 0);
    }
  WHERRY_WAIT_UNTIL (NULL, count (clients, wherry_test_client_is_ended) == N_MEMBERS);
  g_assert_true (g_subprocess_get_if_exited (daemon));
  g_assert_cmpint (g_subprocess_get_exit_status (daemon), ==, 0);

  g_clear_pointer (&clients, g_ptr_array_unref);
  for (guint i = 0; i < N_WORKERS; i++)
    {
      wherry_worker_post_stop (workers[i]);
      wherry_worker_join (workers[i]);
      wherry_worker_unref (workers[i]);
    }
  g_assert_true (wherry_sctp_runtime_shutdown ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  wherryd = argv[1];
  g_test_add_data_func ("/shutdown/members-are-told/term", GINT_TO_POINTER (SIGTERM),
                        test_members_are_told);
  g_test_add_data_func ("/shutdown/members-are-told/int", GINT_TO_POINTER (SIGINT),
                        test_members_are_told);
  return g_test_run ();
}
