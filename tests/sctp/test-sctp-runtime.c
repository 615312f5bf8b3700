/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-class.h"
#include "base/wherry-lock.h"
#include "base/wherry-worker.h"

#include "sctp-pair.h"
#include "sctp/wherry-sctp-runtime.h"

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
run_for_ms (guint ms)
{
  gboolean done = FALSE;

  g_timeout_add (ms, on_timeout, &done);
  WHERRY_WAIT_UNTIL (NULL, done);
}

/* How many threads of this process have this name. */
static guint
count_threads (const char *name)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *task;
  guint n = 0;

  while ((task = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", task, "comm", NULL);
      g_autofree char *comm = NULL;

      if (g_file_get_contents (path, &comm, NULL, NULL))
        n += g_str_equal (g_strchomp (comm), name);
    }
  return n;
}

static void
test_idle (void)
{
  Pair pair;
  guint64 ticks;

  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  g_assert_cmpuint (wherry_sctp_runtime_get_n_endpoints (), ==, 2);
  /* it names itself */
  WHERRY_WAIT_UNTIL (NULL, count_threads ("sctp-timer") == 1);
  ticks = wherry_sctp_runtime_get_ticks ();
  WHERRY_WAIT_UNTIL (NULL, wherry_sctp_runtime_get_ticks () > ticks + 5);
  g_assert_false (wherry_sctp_runtime_is_idle ());
  g_assert_false (wherry_sctp_runtime_shutdown ()); /* while there are endpoints */
  pair_clear (&pair);

  WHERRY_WAIT_UNTIL (NULL, wherry_sctp_runtime_is_idle ());
  ticks = wherry_sctp_runtime_get_ticks ();
  run_for_ms (300);
  g_assert_cmpuint (wherry_sctp_runtime_get_ticks (), ==, ticks);

  /* and it wakes */
  pair_init (&pair, NULL, NULL);
  pair_wait_connected (&pair);
  WHERRY_WAIT_UNTIL (NULL, wherry_sctp_runtime_get_ticks () > ticks + 5);
  pair_clear (&pair);
}

static void
test_shutdown_and_again (void)
{
  for (guint i = 0; i < 3; i++)
    {
      Pair pair;

      pair_init (&pair, NULL, NULL);
      pair_wait_connected (&pair);
      pair_clear (&pair);
      g_assert_true (wherry_sctp_runtime_shutdown ());
      g_assert_true (wherry_sctp_runtime_shutdown ());
      g_assert_cmpuint (count_threads ("sctp-timer"), ==, 0);
    }
}

static void
test_many (void)
{
  enum
  {
    N = 100
  };
  g_autofree Pair *pairs = g_new0 (Pair, N);

  for (guint round = 0; round < 2; round++)
    {
      for (guint i = 0; i < N; i++)
        pair_init (&pairs[i], NULL, NULL);
      g_assert_cmpuint (count_threads ("sctp-timer"), <=, 1);
      for (guint i = 0; i < N; i++)
        {
          pair_wait_connected (&pairs[i]);
          send_made (&pairs[i], &pairs[i].a, 1, &send_reliable, WHERRY_MESSAGE_BINARY, 3000, i);
        }
      g_assert_cmpuint (wherry_sctp_runtime_get_n_endpoints (), ==, 2 * N);
      for (guint i = 0; i < N; i++)
        {
          WHERRY_WAIT_UNTIL (NULL, pairs[i].b.n_received == 1);
          assert_message (side_nth (&pairs[i].b, 0)->message, WHERRY_MESSAGE_BINARY, 3000, i);
        }
      for (guint i = 0; i < N; i++)
        {
          side_clear (&pairs[i].a, pairs[i].context);
          side_clear (&pairs[i].b, pairs[i].context);
          g_main_context_unref (pairs[i].context);
        }
      g_assert_cmpuint (wherry_sctp_runtime_get_n_endpoints (), ==, 0);
    }
  WHERRY_WAIT_UNTIL (NULL, wherry_sctp_runtime_is_idle ());
}

/* ---- several threads ---- */

#define THREADS 4u
#define ROUNDS 5u
#define MESSAGES 50u

typedef struct
{
  WherryWorker *worker;
  WherryFakeLink *link;
  Side side;
  gboolean answers;
  guint started;
  guint n; /* atomic: done rounds or received */
  gboolean cleared;
} Runner;

static void
echo_back (Side *side, guint16 stream, WherryMessage *message)
{
  wherry_stream_transport_send (side->transport, stream, &send_reliable, message);
}

static void
count_up (Side *side, guint16 stream, WherryMessage *message)
{
  Runner *runner = side->data;

  __atomic_add_fetch (&runner->n, 1, __ATOMIC_SEQ_CST);
}

static void
send_some (Side *side, WherryTransportState state)
{
  Runner *runner = side->data;

  if (state != WHERRY_TRANSPORT_CONNECTED || runner->answers)
    return;
  for (guint i = 0; i < MESSAGES; i++)
    {
      g_autoptr (WherryMessage) message = make_message (WHERRY_MESSAGE_TEXT, 900, i);

      g_assert_cmpint (wherry_stream_transport_send (side->transport, 1, &send_reliable, message),
                       ==, WHERRY_SEND_OK);
    }
}

static gboolean
runner_start (gpointer data)
{
  Runner *runner = data;

  WHERRY_TSAN_ACQUIRE (runner);
  side_init (&runner->side, runner->link, wherry_worker_get_context (runner->worker), NULL);
  runner->side.data = runner;
  runner->side.on_message = runner->answers ? echo_back : count_up;
  runner->side.on_state = send_some;
  return G_SOURCE_REMOVE;
}

static gboolean
runner_clear (gpointer data)
{
  Runner *runner = data;

  side_clear (&runner->side, wherry_worker_get_context (runner->worker));
  __atomic_store_n (&runner->cleared, TRUE, __ATOMIC_SEQ_CST);
  return G_SOURCE_REMOVE;
}

/* Pairs whose two ends live on different threads, all at once, a few times; while they talk the
 * timer runs too. */
static void
test_threads (void)
{
  Runner runners[2 * THREADS] = { { NULL } };

  wherry_class_prepare (WHERRY_TYPE_SCTP_ASSOCIATION);
  for (guint i = 0; i < 2 * THREADS; i++)
    {
      g_autoptr (GError) error = NULL;

      runners[i].worker = wherry_worker_new ("test", &error);
      g_assert_no_error (error);
      runners[i].answers = i % 2 == 1;
    }
  for (guint round = 0; round < ROUNDS; round++)
    {
      for (guint i = 0; i < 2 * THREADS; i += 2)
        wherry_fake_link_new_pair (NULL, wherry_worker_get_context (runners[i].worker),
                                   wherry_worker_get_context (runners[i + 1].worker),
                                   &runners[i].link, &runners[i + 1].link);
      for (guint i = 0; i < 2 * THREADS; i++)
        {
          WHERRY_TSAN_RELEASE (&runners[i]);
          wherry_worker_post_call (runners[i].worker, runner_start, &runners[i], NULL);
        }
      for (guint i = 0; i < 2 * THREADS; i += 2)
        WHERRY_WAIT_UNTIL (NULL, __atomic_load_n (&runners[i].n, __ATOMIC_SEQ_CST)
                                     == (round + 1) * MESSAGES);
      for (guint i = 0; i < 2 * THREADS; i++)
        wherry_worker_post_call (runners[i].worker, runner_clear, &runners[i], NULL);
      for (guint i = 0; i < 2 * THREADS; i++)
        {
          WHERRY_WAIT_UNTIL (NULL, __atomic_load_n (&runners[i].cleared, __ATOMIC_SEQ_CST));
          runners[i].cleared = FALSE;
        }
      g_assert_cmpuint (wherry_sctp_runtime_get_n_endpoints (), ==, 0);
    }
  for (guint i = 0; i < 2 * THREADS; i++)
    {
      wherry_worker_post_stop (runners[i].worker);
      wherry_worker_join (runners[i].worker);
      wherry_worker_unref (runners[i].worker);
    }
}

/* ---- garbage ---- */

static gboolean
keep_packet (const guint8 *data, gsize length, gpointer user_data)
{
  g_ptr_array_add (user_data, g_bytes_new (data, length));
  return TRUE;
}

/* Bytes at random, and packets of a real association with bytes changed and cut: the association
 * may end (an ABORT is a legal thing to receive), the process not. */
static void
test_garbage (void)
{
  /* WHERRY_TEST_SEED: another run, a hundred times as long */
  const char *other = g_getenv ("WHERRY_TEST_SEED");
  guint32 seed = other != NULL ? (guint32) g_ascii_strtoull (other, NULL, 10) : 20261121;
  guint rounds = other != NULL ? 2000 : 20;
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GPtrArray) packets = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  guint ended = 0;

  g_test_message ("seed %u", seed);
  for (guint round = 0; round < rounds; round++)
    {
      Pair pair;

      pair_init (&pair, NULL, NULL);
      wherry_fake_link_set_filter (pair.a.link, keep_packet, packets);
      pair_wait_connected (&pair);
      send_made (&pair, &pair.a, 1, &send_reliable, WHERRY_MESSAGE_BINARY, 20000, 1);
      wherry_stream_transport_reset_stream (pair.a.transport, 2);
      for (guint i = 0; i < 500; i++)
        {
          GBytes *packet
              = g_ptr_array_index (packets, g_rand_int_range (rand, 0, (gint32) packets->len));
          gsize length;
          const guint8 *data = g_bytes_get_data (packet, &length);
          g_autofree guint8 *bytes = g_memdup2 (data, length);

          if (i % 4 == 0)
            length = (gsize) g_rand_int_range (rand, 0, (gint32) length + 1);
          for (guint k = 0; k < i % 7 && length > 12; k++)
            bytes[g_rand_int_range (rand, i % 5 == 0 ? 0 : 12, (gint32) length)]
                = (guint8) g_rand_int_range (rand, 0, 256);
          wherry_fake_link_inject (pair.b.link, bytes, length);
        }
      run_for_ms (5);
      ended += pair.b.state != WHERRY_TRANSPORT_CONNECTED;
      pair_clear (&pair);
      g_ptr_array_set_size (packets, 0);
    }
  g_test_message ("%u of %u associations ended", ended, rounds);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sctp/runtime/sleeps-when-idle", test_idle);
  g_test_add_func ("/sctp/runtime/shutdown-and-again", test_shutdown_and_again);
  g_test_add_func ("/sctp/runtime/many", test_many);
  g_test_add_func ("/sctp/runtime/threads", test_threads);
  g_test_add_func ("/sctp/runtime/garbage", test_garbage);
  return run_and_shut_down ();
}
