/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-wait.h"
#include "peer/peer-end.h"

static void
set_descriptors (rlim_t n)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = n;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
}

static void
test_the_least_loaded_takes_the_next (void)
{
  g_autoptr (WherryPeerThreads) threads = wherry_peer_threads_new (2);
  WherryWorker *workers[5];

  g_assert_cmpuint (wherry_peer_threads_get_n_started (threads), ==, 0);
  workers[0] = wherry_peer_threads_acquire (threads, NULL);
  g_assert_cmpuint (wherry_peer_threads_get_n_started (threads), ==, 1);
  wherry_peer_threads_release (threads, workers[0]);
  /* one that is there and has nothing to do is as good as another */
  g_assert_true (wherry_peer_threads_acquire (threads, NULL) == workers[0]);
  g_assert_cmpuint (wherry_peer_threads_get_n_started (threads), ==, 1);

  for (guint i = 1; i < G_N_ELEMENTS (workers); i++)
    workers[i] = wherry_peer_threads_acquire (threads, NULL);
  g_assert_cmpuint (wherry_peer_threads_get_n_started (threads), ==, 2);
  g_assert_true (workers[1] != workers[0] && workers[2] == workers[0] && workers[3] == workers[1]);
  g_assert_cmpuint (wherry_peer_threads_get_load (threads, 0), ==, 3);

  wherry_peer_threads_release (threads, workers[1]);
  wherry_peer_threads_release (threads, workers[3]);
  g_assert_cmpuint (wherry_peer_threads_get_load (threads, 1), ==, 0);
  for (guint i = 0; i < 3; i++)
    g_assert_true (wherry_peer_threads_acquire (threads, NULL) == workers[1]);
  for (guint i = 0; i < 3; i++)
    {
      wherry_peer_threads_release (threads, workers[0]);
      wherry_peer_threads_release (threads, workers[1]);
    }
}

static void
test_without_descriptors_they_are_fewer (void)
{
  g_autoptr (WherryPeerThreads) threads = wherry_peer_threads_new (2);
  g_autoptr (GError) error = NULL;
  WherryWorker *worker;

  set_descriptors (8);
  g_assert_null (wherry_peer_threads_acquire (threads, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_RESOURCES);
  set_descriptors (1024);
  worker = wherry_peer_threads_acquire (threads, NULL);
  set_descriptors (8);
  g_assert_true (wherry_peer_threads_acquire (threads, NULL) == worker);
  set_descriptors (1024);
  for (guint i = 0; i < 2; i++)
    wherry_peer_threads_release (threads, worker);
}

static void
connect_ends (PeerEnd *a, PeerEnd *b)
{
  peer_end_pair (a, b);
  peer_traffic_create_channel (a->peer, "first");
  wherry_peer_post_create_offer (a->peer, FALSE, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (a, n_open) == 1 && PEER_END_GET (b, n_open) == 1);
}

#define N_ENDS 6

/* Three pairs on two threads: one pair comes to its end, by word and by silence, while the others
 * talk, and others take their places. */
static void
test_peers_come_and_go (void)
{
  g_autoptr (WherryPeerThreads) threads = wherry_peer_threads_new (2);
  PeerEnd *ends[N_ENDS];

  for (guint i = 0; i < N_ENDS; i++)
    {
      g_autofree char *id = g_strdup_printf ("%016x", i + 1);

      ends[i] = peer_end_new_on (id, threads);
      ends[i]->traffic.echo = i % 2 == 1;
    }
  for (guint i = 0; i < N_ENDS; i += 2)
    connect_ends (ends[i], ends[i + 1]);
  g_assert_cmpuint (wherry_peer_threads_get_n_started (threads), ==, 2);
  g_assert_cmpuint (wherry_peer_threads_get_load (threads, 0), ==, N_ENDS / 2);

  for (guint i = 0; i < N_ENDS; i += 2)
    peer_traffic_send (&ends[i]->traffic, ends[i]->peer, 40, 500);
  wherry_peer_post_close (ends[0]->peer);
  WHERRY_WAIT_UNTIL (NULL, ends[0]->is_finished && ends[1]->is_finished);
  g_assert_cmpuint (wherry_peer_threads_get_load (threads, 0), ==, N_ENDS / 2 - 1);
  for (guint i = 0; i < 2; i++)
    peer_end_free (ends[i]);
  ends[0] = peer_end_new_on ("00000000000000aa", threads);
  ends[1] = peer_end_new_on ("00000000000000bb", threads);
  connect_ends (ends[0], ends[1]);
  for (guint i = 2; i < N_ENDS; i += 2)
    {
      WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (ends[i], n_messages) == 40);
      g_assert_cmpint (PEER_END_GET (ends[i], n_wrong), ==, 0);
    }

  for (guint i = 0; i < N_ENDS; i++)
    wherry_peer_post_close (ends[i]->peer);
  for (guint i = 0; i < N_ENDS; i++)
    peer_end_free (ends[i]);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (wherry_peer_threads_get_load (threads, i), ==, 0);
}

static int
compare_ints (gconstpointer a, gconstpointer b)
{
  return *(const int *) a - *(const int *) b;
}

/* What the busy one does while another on its thread is asked and answers: some turns of the loop.
 * Counted in its messages, a datagram each, since time would measure the machine; the median,
 * because the test's thread may come late. */
static void
test_a_busy_peer_leaves_turns (void)
{
  enum
  {
    N_QUESTIONS = 15,
    N_FLOOD = 20000,
    TURNS_MAX = 8,
  };
  g_autoptr (WherryPeerThreads) threads = wherry_peer_threads_new (1);
  PeerEnd *sender = peer_end_new ("0000000000000001");
  PeerEnd *busy = peer_end_new_on ("0000000000000002", threads);
  PeerEnd *asker = peer_end_new ("0000000000000003");
  PeerEnd *quiet = peer_end_new_on ("0000000000000004", threads);
  PeerEnd *ends[] = { sender, busy, asker, quiet };
  int taken[N_QUESTIONS];

  /* slower than its sender, so that its socket is never empty */
  busy->traffic.takes_us = 100;
  quiet->traffic.echo = TRUE;
  connect_ends (sender, busy);
  connect_ends (asker, quiet);
  peer_traffic_send (&sender->traffic, sender->peer, N_FLOOD, 1000);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (busy, n_messages) > 200);
  for (int i = 0; i < N_QUESTIONS; i++)
    {
      int before = PEER_END_GET (busy, n_messages);

      peer_traffic_send (&asker->traffic, asker->peer, 1, 64);
      WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (asker, n_messages) == i + 1);
      taken[i] = PEER_END_GET (busy, n_messages) - before;
    }
  g_assert_cmpint (PEER_END_GET (busy, n_messages), <, N_FLOOD);
  qsort (taken, N_QUESTIONS, sizeof taken[0], compare_ints);
  g_test_message ("%d to %d messages of the busy one in between, median %d", taken[0],
                  taken[N_QUESTIONS - 1], taken[N_QUESTIONS / 2]);
  g_assert_cmpint (taken[N_QUESTIONS / 2], <=, TURNS_MAX * (int) WHERRY_DISPATCH_BATCH);

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    wherry_peer_post_close (ends[i]->peer);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    peer_end_free (ends[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL); /* it warns, as it should */
  g_test_add_func ("/peer-threads/the-least-loaded-takes-the-next",
                   test_the_least_loaded_takes_the_next);
  g_test_add_func ("/peer-threads/without-descriptors-they-are-fewer",
                   test_without_descriptors_they_are_fewer);
  g_test_add_func ("/peer-threads/peers-come-and-go", test_peers_come_and_go);
  g_test_add_func ("/peer-threads/a-busy-peer-leaves-turns", test_a_busy_peer_leaves_turns);
  return g_test_run ();
}
