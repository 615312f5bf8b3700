/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/wherry-limits.h"
#include "base/wherry-lock.h"
#include "relay/store-fixture.h"

/* A child appends at full speed from two threads and says through a pipe what it was told is
 * committed; it is killed at a seeded point. Then this process looks: whatever was said is there,
 * byte for byte, and what is there is without holes. The next child goes on in the same directory.
 */

#define N_TOPICS 6u
#define N_THREADS 2u
#define N_ROUNDS 60u
#define KEPT 300u /* of each topic */
#define MEMBER 7u

typedef enum
{
  SAYS_OPEN,
  SAYS_COMMITTED,
  SAYS_RESUME,
} SaysKind;

/* Less than PIPE_BUF: it comes whole or not at all. */
typedef struct
{
  SaysKind kind;
  guint topic;
  guint64 sequence;
} Says;

static gsize
length_of (guint topic, guint64 sequence)
{
  guint64 mixed = (topic + 1) * 2654435761u + sequence * 40503u;

  if (mixed % 499 == 0)
    return WHERRY_MAX_MESSAGE_SIZE_DEFAULT - mixed % 7;
  return mixed % 13 == 0 ? mixed % 20000 : mixed % 200;
}

static guint64
own_of (guint64 sequence)
{
  return sequence * 3 + 1;
}

static WherryMessageKind
kind_of (guint64 sequence)
{
  return sequence % 2 == 0 ? WHERRY_MESSAGE_TEXT : WHERRY_MESSAGE_BINARY;
}

/* ---- the child ---- */

typedef struct
{
  WherryStore *store;
  int fd;
} Child;

typedef struct
{
  Child *child;
  guint index;
  WherryStoreTopic *topic;
} ChildTopic;

typedef struct
{
  Child *child;
  ChildTopic *topics[N_TOPICS];
  guint n_topics;
  WherryLock lock;
  GCond cond;
  gboolean rung;
} ChildThread;

static void
say (Child *child, SaysKind kind, guint topic, guint64 sequence)
{
  Says says;

  memset (&says, 0, sizeof says);
  says.kind = kind;
  says.topic = topic;
  says.sequence = sequence;
  if (write (child->fd, &says, sizeof says) != sizeof says)
    _exit (3);
}

static void
on_committed (gpointer owner, WherryMessage *message)
{
  ChildTopic *topic = owner;
  guint64 sequence = wherry_message_get_stamp (message)->sequence;

  say (topic->child, SAYS_COMMITTED, topic->index, sequence);
  if (sequence % 64 == 0 && sequence > KEPT)
    wherry_store_topic_trim (topic->topic, sequence - KEPT + 1);
}

static void
on_failed (gpointer owner, WherryMessage *message, const GError *error)
{
  g_error ("%s", error->message);
}

static void put_resume (Child *child, guint64 number);

typedef struct
{
  Child *child;
  guint64 number;
} Put;

static void
on_resume (gboolean committed, gpointer data)
{
  g_autofree Put *put = data;

  if (!committed)
    _exit (4);
  say (put->child, SAYS_RESUME, 0, put->number);
  put_resume (put->child, put->number + 1);
}

static void
put_resume (Child *child, guint64 number)
{
  guint8 hash[WHERRY_STORE_HASH_BYTES] = { 0 };
  g_autoptr (GBytes) blob = g_bytes_new (&number, sizeof number);
  WherryStoreResume record
      = { .room = "room", .member = MEMBER, .hash = hash, .until_us = G_MAXINT64, .blob = blob };
  Put *put = g_new0 (Put, 1);

  put->child = child;
  put->number = number;
  if (!wherry_store_put_resume (child->store, &record, on_resume, put))
    _exit (5);
}

static void
ring (gpointer data)
{
  ChildThread *self = data;

  wherry_lock_acquire (&self->lock);
  self->rung = TRUE;
  g_cond_signal (&self->cond);
  wherry_lock_release (&self->lock);
}

/* Its topics in turn, as long as the process lives. */
static gpointer
publish (gpointer data)
{
  ChildThread *self = data;
  g_autoptr (WherryWaker) waker = wherry_waker_new ();
  g_autoptr (WherryGate) gate = wherry_gate_new (waker);

  wherry_waker_set (waker, ring, self);
  for (guint i = 0;; i = (i + 1) % self->n_topics)
    {
      ChildTopic *topic = self->topics[i];
      guint64 sequence = wherry_store_topic_get_next (topic->topic);
      WherryStamp stamp = { .sequence = sequence,
                            .sender = MEMBER,
                            .own = own_of (sequence),
                            .accepted = own_of (sequence) };
      g_autoptr (GBytes) payload
          = store_payload (topic->index, sequence, length_of (topic->index, sequence));
      g_autoptr (WherryMessage) message = store_message (kind_of (sequence), payload, &stamp, NULL);

      wherry_store_topic_append (topic->topic, message, gate);
      wherry_lock_acquire (&self->lock);
      while (wherry_gate_is_shut (gate) && !self->rung)
        wherry_lock_wait (&self->lock, &self->cond);
      self->rung = FALSE;
      wherry_lock_release (&self->lock);
    }
  return NULL;
}

static gboolean
load_resume (const WherryStoreResume *record, gpointer data)
{
  memcpy (data, g_bytes_get_data (record->blob, NULL), sizeof (guint64));
  return TRUE;
}

static int
run_child (const char *dir, int fd)
{
  static const WherryStoreTopicFuncs funcs = { on_committed, on_failed };
  static const WherryStoreVisitor visitor = { .resume = load_resume };
  Child child = { .fd = fd };
  ChildTopic topics[N_TOPICS];
  ChildThread threads[N_THREADS] = { 0 };
  g_autoptr (GError) error = NULL;
  guint64 number = 0;

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  child.store = wherry_store_open (dir, NULL, NULL, &error);
  if (child.store == NULL || !wherry_store_load (child.store, &visitor, &number, &error))
    g_error ("%s", error->message);
  say (&child, SAYS_OPEN, 0, 0);
  for (guint i = 0; i < N_TOPICS; i++)
    {
      g_autofree char *label = g_strdup_printf ("topic %u", i);
      ChildThread *thread = &threads[i % N_THREADS];

      topics[i].child = &child;
      topics[i].index = i;
      topics[i].topic
          = wherry_store_topic_new (child.store, "room", label, &funcs, &topics[i], NULL);
      thread->topics[thread->n_topics++] = &topics[i];
    }
  put_resume (&child, number + 1);
  for (guint i = 0; i < N_THREADS; i++)
    {
      wherry_lock_init (&threads[i].lock);
      g_cond_init (&threads[i].cond);
      g_thread_unref (g_thread_new ("publisher", publish, &threads[i]));
    }
  for (;;)
    pause ();
  return 0;
}

/* ---- the parent ---- */

typedef struct
{
  guint64 said[N_TOPICS]; /* the last sequence that was */
  guint64 resume;
  gboolean is_open;
  guint64 n;
} Heard;

static void
hear (Heard *heard, const Says *says)
{
  heard->n++;
  switch (says->kind)
    {
    case SAYS_OPEN:
      heard->is_open = TRUE;
      break;
    case SAYS_COMMITTED:
      g_assert_cmpuint (says->topic, <, N_TOPICS);
      /* told in order, each once; after a restart some may be there that nobody was told of */
      g_assert_cmpuint (says->sequence, >, heard->said[says->topic]);
      heard->said[says->topic] = says->sequence;
      break;
    case SAYS_RESUME:
      heard->resume = says->sequence;
      break;
    default:
      g_assert_not_reached ();
    }
}

/* FALSE: it has ended. */
static gboolean
read_says (int fd, Heard *heard)
{
  Says says[64];
  gsize length = 0;

  do
    {
      gssize n = read (fd, (char *) says + length, sizeof says - length);

      if (n < 0 && errno == EINTR)
        continue;
      g_assert_cmpint (n, >=, 0);
      if (n == 0)
        {
          g_assert_cmpuint (length, ==, 0);
          return FALSE;
        }
      length += (gsize) n;
    }
  while (length % sizeof (Says) != 0);
  for (guint i = 0; i < length / sizeof (Says); i++)
    hear (heard, &says[i]);
  return TRUE;
}

typedef struct
{
  guint topic;
  guint64 first[N_TOPICS];
  guint64 last[N_TOPICS];
  guint64 accepted[N_TOPICS];
  guint64 next[N_TOPICS];
  guint64 resume;
} Found;

static gboolean
find_resume (const WherryStoreResume *record, gpointer data)
{
  Found *found = data;

  g_assert_cmpuint (record->member, ==, MEMBER);
  g_assert_cmpuint (g_bytes_get_size (record->blob), ==, sizeof found->resume);
  memcpy (&found->resume, g_bytes_get_data (record->blob, NULL), sizeof found->resume);
  return TRUE;
}

static gboolean
find_topic (const char *room, const char *label, guint64 next, gpointer data)
{
  Found *found = data;

  g_assert_true (g_str_has_prefix (label, "topic "));
  found->topic = (guint) strtoul (label + 6, NULL, 10);
  g_assert_cmpuint (found->topic, <, N_TOPICS);
  found->next[found->topic] = next;
  return TRUE;
}

static void
find_accepted (guint64 member, guint64 own, gpointer data)
{
  Found *found = data;

  g_assert_cmpuint (member, ==, MEMBER);
  found->accepted[found->topic] = own;
}

static void
find_message (WherryMessage *message, gpointer data)
{
  Found *found = data;
  guint topic = found->topic;
  const WherryStamp *stamp = wherry_message_get_stamp (message);
  g_autoptr (GBytes) payload
      = store_payload (topic, stamp->sequence, length_of (topic, stamp->sequence));
  g_autoptr (GBytes) bytes = wherry_message_get_bytes (message);

  if (found->first[topic] == 0)
    found->first[topic] = stamp->sequence;
  else
    g_assert_cmpuint (stamp->sequence, ==, found->last[topic] + 1);
  found->last[topic] = stamp->sequence;
  g_assert_true (g_bytes_equal (payload, bytes));
  g_assert_cmpint (wherry_message_get_kind (message), ==, kind_of (stamp->sequence));
  g_assert_cmpuint (stamp->own, ==, own_of (stamp->sequence));
  g_assert_cmpuint (stamp->sender, ==, MEMBER);
}

static void
check (StoreFixture *self, const Heard *heard)
{
  static const WherryStoreVisitor visitor = {
    .resume = find_resume, .topic = find_topic, .accepted = find_accepted, .message = find_message
  };
  Found found = { 0 };

  store_fixture_open (self, &visitor, &found);
  store_fixture_close (self);
  g_assert_cmpuint (found.resume, >=, heard->resume);
  for (guint i = 0; i < N_TOPICS; i++)
    {
      guint64 kept_from = heard->said[i] > KEPT ? heard->said[i] - KEPT + 1 : 1;

      g_assert_cmpuint (found.last[i], >=, heard->said[i]);
      if (heard->said[i] > 0)
        g_assert_cmpuint (found.first[i], <=, kept_from);
      if (found.last[i] == 0)
        continue;
      g_assert_cmpuint (found.next[i], ==, found.last[i] + 1);
      if (found.resume > 0)
        g_assert_cmpuint (found.accepted[i], ==, own_of (found.last[i]));
    }
}

static void
run_and_kill (StoreFixture *self, Heard *heard)
{
  char *argv[] = { (char *) "/proc/self/exe", (char *) "--child", self->dir, NULL };
  /* from before it is open to the middle of full speed */
  guint64 n = heard->n + (guint64) g_test_rand_int_range (0, 6) * g_test_rand_int_range (0, 2000);
  g_autoptr (GError) error = NULL;
  int status = 0;
  int fd = -1;
  GPid pid;

  g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL,
                            &fd, NULL, &error);
  g_assert_no_error (error);
  while (heard->n < n && read_says (fd, heard))
    ;
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  while (read_says (fd, heard))
    ;
  close (fd);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
}

static void
test_killed (StoreFixture *self, gconstpointer data)
{
  Heard heard = { 0 };

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      run_and_kill (self, &heard);
      check (self, &heard);
    }
  g_test_message ("%u rounds, %" G_GUINT64_FORMAT " messages", N_ROUNDS, heard.n);
  g_assert_true (heard.is_open);
  g_assert_cmpuint (heard.said[0], >, KEPT);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && g_str_equal (argv[1], "--child"))
    return run_child (argv[2], STDOUT_FILENO);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/relay/store-kill/killed", StoreFixture, NULL, store_fixture_set_up, test_killed,
              store_fixture_tear_down);
  return g_test_run ();
}
