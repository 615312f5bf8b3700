/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "cli/stream/wherry-mux.h"
#include "lib/wherry.h"

/* Two sessions over a carrier that holds messages, and takes them only now and then: every byte of
 * every stream comes in order and to its end, and no more is on its way than there is credit for.
 */

#define SESSION_WINDOW 100000u
#define STREAM_WINDOW 40000u
#define STREAMS 5

typedef struct _Side Side;

typedef struct
{
  Side *side;
  WherryMuxStream *stream; /* NULL: closed */
  gsize left;              /* to be written */
  guint32 out, in;         /* what the next byte is: a pattern */
  GQueue taken;            /* of GBytes: not consumed yet */
  gsize received;
  gboolean ended;
  GError *error;
  gboolean closed;
} End;

struct _Side
{
  WherryMux *mux;
  GQueue wire; /* of GBytes: to the other side */
  gsize on_wire;
  gboolean is_blocked;
  End ends[STREAMS];
  guint n_ends;
  GError *failed;
};

static void
fill (End *self)
{
  guint8 data[2000];
  gsize n = MIN (self->left, 1 + self->left % sizeof data);
  g_autoptr (GBytes) bytes = NULL;

  if (self->stream == NULL || !wherry_mux_stream_has_room (self->stream))
    return;
  if (n == 0)
    {
      wherry_mux_stream_end (self->stream);
      return;
    }
  for (gsize i = 0; i < n; i++)
    data[i] = (guint8) (self->out++ * 7 >> 3);
  self->left -= n;
  bytes = g_bytes_new (data, n);
  wherry_mux_stream_write (self->stream, bytes);
}

static void
on_data (gpointer user_data, GBytes *bytes)
{
  End *self = user_data;
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  for (gsize i = 0; i < length; i++)
    g_assert_cmpuint (data[i], ==, (guint8) (self->in++ * 7 >> 3));
  self->received += length;
  g_queue_push_tail (&self->taken, g_bytes_ref (bytes));
}

static void
on_ended (gpointer user_data)
{
  ((End *) user_data)->ended = TRUE;
}

static void
on_room (gpointer user_data)
{
  fill (user_data);
}

static void
on_closed (gpointer user_data, const GError *error)
{
  End *self = user_data;

  g_assert_false (self->closed);
  self->closed = TRUE;
  self->stream = NULL;
  self->error = error != NULL ? g_error_copy (error) : NULL;
}

static const WherryMuxStreamEvents stream_events = { on_data, on_ended, on_room, on_closed };

static gboolean
on_send (gpointer user_data, GBytes *message, GError **error)
{
  Side *self = user_data;

  if (self->is_blocked)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_WOULD_BLOCK, "");
      return FALSE;
    }
  self->on_wire += g_bytes_get_size (message);
  g_queue_push_tail (&self->wire, g_bytes_ref (message));
  return TRUE;
}

static void
on_opened (gpointer user_data, WherryMuxStream *stream)
{
  Side *self = user_data;
  End *end = &self->ends[self->n_ends++];

  end->side = self;
  end->stream = stream;
  end->left = 150000;
  wherry_mux_stream_take (stream, &stream_events, end);
  fill (end);
}

static void
on_failed (gpointer user_data, const GError *error)
{
  Side *self = user_data;

  g_assert_null (self->failed);
  self->failed = g_error_copy (error);
}

static const WherryMuxEvents mux_events = { on_send, on_opened, on_failed };

static void
side_init (Side *self, gboolean is_inviter, guint max_streams)
{
  const WherryMuxGreeting greeting
      = { .session_window = SESSION_WINDOW, .stream_window = STREAM_WINDOW };

  memset (self, 0, sizeof *self);
  g_queue_init (&self->wire);
  self->mux = wherry_mux_new (&greeting, &greeting, is_inviter, max_streams, &mux_events, self);
}

static void
side_clear (Side *self)
{
  wherry_mux_free (self->mux);
  g_queue_clear_full (&self->wire, (GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < STREAMS; i++)
    {
      g_queue_clear_full (&self->ends[i].taken, (GDestroyNotify) g_bytes_unref);
      g_clear_error (&self->ends[i].error);
    }
  g_clear_error (&self->failed);
}

static End *
open_stream (Side *self, gsize bytes)
{
  End *end = &self->ends[self->n_ends++];

  end->side = self;
  end->left = bytes;
  end->stream = wherry_mux_open (self->mux, &stream_events, end);
  fill (end);
  return end;
}

static gboolean
deliver (Side *from, Side *to)
{
  g_autoptr (GBytes) message = g_queue_pop_head (&from->wire);
  g_auto (WherryMuxFrame) frame = { 0 };
  g_autoptr (GError) error = NULL;

  if (message == NULL)
    return FALSE;
  from->on_wire -= g_bytes_get_size (message);
  wherry_mux_frame_parse (&frame, message, &error);
  g_assert_no_error (error);
  wherry_mux_take (to->mux, &frame);
  return TRUE;
}

/* One that was taken is where it goes. */
static gboolean
consume (End *self)
{
  g_autoptr (GBytes) bytes = g_queue_pop_head (&self->taken);

  if (self->stream == NULL)
    return FALSE;
  if (bytes != NULL)
    wherry_mux_stream_consumed (self->stream, g_bytes_get_size (bytes));
  else if (self->ended)
    {
      self->ended = FALSE;
      wherry_mux_stream_done (self->stream);
    }
  else
    return FALSE;
  return TRUE;
}

static void
step (Side *self, Side *other, GRand *rand)
{
  if (g_rand_int_range (rand, 0, 3) == 0)
    self->is_blocked = g_rand_boolean (rand);
  if (!self->is_blocked)
    wherry_mux_flush (self->mux);
  for (int n = g_rand_int_range (rand, 0, 8); n > 0; n--)
    deliver (self, other);
  if (g_rand_boolean (rand))
    consume (&self->ends[g_rand_int_range (rand, 0, STREAMS)]);
  g_assert_cmpuint (self->on_wire, <=, SESSION_WINDOW + 10000);
}

static void
settle (Side *a, Side *b)
{
  gboolean more = TRUE;

  a->is_blocked = b->is_blocked = FALSE;
  while (more)
    {
      wherry_mux_flush (a->mux);
      wherry_mux_flush (b->mux);
      more = deliver (a, b);
      more = deliver (b, a) || more;
      for (guint i = 0; i < STREAMS; i++)
        {
          more = consume (&a->ends[i]) || more;
          more = consume (&b->ends[i]) || more;
        }
    }
}

static void
test_every_byte (void)
{
  guint32 seed = g_random_int ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  Side a, b;

  g_test_message ("seed %u", seed);
  side_init (&a, TRUE, STREAMS);
  side_init (&b, FALSE, STREAMS);
  for (guint i = 0; i < STREAMS; i++)
    open_stream (&a, i * 60000);
  for (guint i = 0; i < 3000; i++)
    {
      step (&a, &b, rand);
      step (&b, &a, rand);
    }
  settle (&a, &b);
  for (guint i = 0; i < STREAMS; i++)
    {
      g_assert_true (a.ends[i].closed && b.ends[i].closed);
      g_assert_no_error (a.ends[i].error);
      g_assert_no_error (b.ends[i].error);
      g_assert_cmpuint (a.ends[i].received, ==, 150000);
      g_assert_cmpuint (b.ends[i].received, ==, i * 60000);
    }
  g_assert_cmpuint (wherry_mux_count_streams (a.mux) + wherry_mux_count_streams (b.mux), ==, 0);
  side_clear (&a);
  side_clear (&b);
}

static void
test_one_that_is_not_taken_holds_up_no_other (void)
{
  Side a, b;

  side_init (&a, TRUE, STREAMS);
  side_init (&b, FALSE, STREAMS);
  open_stream (&a, 1000000);
  while (deliver (&a, &b) || deliver (&b, &a))
    ;
  g_assert_cmpuint (b.ends[0].received, <=, STREAM_WINDOW);
  g_assert_cmpuint (b.ends[0].received, >, STREAM_WINDOW / 2);
  open_stream (&a, 500000);
  while (deliver (&a, &b) || deliver (&b, &a) || consume (&b.ends[1]))
    ;
  g_assert_cmpuint (b.ends[1].received, ==, 500000);
  g_assert_cmpuint (b.ends[0].received, <=, STREAM_WINDOW);
  side_clear (&a);
  side_clear (&b);
}

static void
test_resets_and_limits (void)
{
  Side a, b;

  side_init (&a, TRUE, STREAMS);
  side_init (&b, FALSE, 1);
  open_stream (&a, 5000);
  open_stream (&a, 5000);
  while (deliver (&a, &b) || deliver (&b, &a))
    ;
  g_assert_error (a.ends[1].error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
  wherry_mux_stream_reset (b.ends[0].stream, WHERRY_MUX_CODE_ABORTED, "\x1b[2J");
  b.ends[0].stream = NULL;
  while (deliver (&a, &b) || deliver (&b, &a))
    ;
  g_assert_error (a.ends[0].error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  g_assert_null (strchr (a.ends[0].error->message, '\x1b'));
  g_assert_null (a.failed);
  g_assert_null (b.failed);
  side_clear (&a);
  side_clear (&b);
}

static void
take (Side *self, WherryMuxType type, guint32 stream, gsize length)
{
  g_autofree guint8 *data = g_malloc0 (MAX (length, 1));
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, length);
  const WherryMuxFrame frame = { .type = type,
                                 .stream = stream,
                                 .credit = (guint32) length,
                                 .data = type == WHERRY_MUX_DATA ? bytes : NULL };

  for (gsize i = 0; i < length; i++)
    data[i] = (guint8) (i * 7 >> 3);
  wherry_mux_take (self->mux, &frame);
}

static void
test_what_breaks_the_rules_ends_it (void)
{
  static const struct
  {
    WherryMuxType type;
    guint32 stream;
    gsize length;
    guint times;
  } wrongs[] = {
    { WHERRY_MUX_DATA, 3, 1, 1 },                 /* never opened */
    { WHERRY_MUX_DATA, 2, 1, 1 },                 /* nor by us */
    { WHERRY_MUX_OPEN, 1, 0, 1 },                 /* open already */
    { WHERRY_MUX_OPEN, 2, 0, 1 },                 /* it is not theirs */
    { WHERRY_MUX_DATA, 1, STREAM_WINDOW / 2, 2 }, /* and the cost is too much */
    { WHERRY_MUX_END, 1, 0, 2 },
    { WHERRY_MUX_DONE, 1, 0, 1 }, /* of an end that was not sent */
    { WHERRY_MUX_CREDIT, 0, WHERRY_MUX_WINDOW_MAX, 2 },
    { WHERRY_MUX_CREDIT, 1, WHERRY_MUX_WINDOW_MAX, 3 },
    { WHERRY_MUX_ACCEPT, 0, 0, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrongs); i++)
    {
      Side side;

      side_init (&side, FALSE, STREAMS);
      take (&side, WHERRY_MUX_OPEN, 1, 0);
      for (guint n = 0; n < wrongs[i].times; n++)
        {
          g_assert_null (side.failed);
          take (&side, wrongs[i].type, wrongs[i].stream, wrongs[i].length);
        }
      g_assert_error (side.failed, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
      g_assert_true (side.ends[0].closed);
      side_clear (&side);
    }
}

static void
test_frames_cut_short (void)
{
  const WherryMuxFrame frames[] = {
    { .type = WHERRY_MUX_INVITE,
      .greeting = { 1, 1, TRUE, WHERRY_MUX_WINDOW_MIN, WHERRY_MUX_WINDOW_MAX } },
    { .type = WHERRY_MUX_CREDIT, .stream = 7, .credit = 0x01020304 & 0xffffff },
    { .type = WHERRY_MUX_END, .stream = 0x01020304 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      g_autoptr (GBytes) whole = wherry_mux_frame_format (&frames[i]);
      gsize length;
      const guint8 *data = g_bytes_get_data (whole, &length);
      g_auto (WherryMuxFrame) back = { 0 };

      g_assert_true (wherry_mux_frame_parse (&back, whole, NULL));
      g_assert_cmpuint (back.stream, ==, frames[i].stream);
      g_assert_cmpuint (back.credit, ==, frames[i].credit);
      g_assert_cmpmem (&back.greeting, sizeof back.greeting, &frames[i].greeting,
                       sizeof back.greeting);
      for (gsize n = 0; n < length; n++)
        {
          g_autofree guint8 *exact = g_memdup2 (data, MAX (n, 1));
          g_autoptr (GBytes) part = g_bytes_new_static (exact, n);
          g_auto (WherryMuxFrame) none = { 0 };
          g_autoptr (GError) error = NULL;

          g_assert_false (wherry_mux_frame_parse (&none, part, &error));
          g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mux/every-byte", test_every_byte);
  g_test_add_func ("/mux/one-that-is-not-taken-holds-up-no-other",
                   test_one_that_is_not_taken_holds_up_no_other);
  g_test_add_func ("/mux/resets-and-limits", test_resets_and_limits);
  g_test_add_func ("/mux/what-breaks-the-rules-ends-it", test_what_breaks_the_rules_ends_it);
  g_test_add_func ("/mux/frames-cut-short", test_frames_cut_short);
  return g_test_run ();
}
