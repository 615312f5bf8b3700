/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "integration/lossy/lossy-flow.h"

typedef struct
{
  guint32 number;
  guint32 size;
  gint64 sent_us;
} Header;

LossyFlow *
lossy_flow_new (LossySide *from, const LossyFlowKind *kind)
{
  LossyFlow *self = g_new0 (LossyFlow, 1);
  g_autofree char *label = g_strdup_printf ("%u", from->pair->flows->len);
  WherryChannelInit init = { .label = label,
                             .protocol = "",
                             .ordered = kind->ordered,
                             .reliability = kind->reliability,
                             .reliability_value = kind->value,
                             .priority = 256,
                             .id = WHERRY_CHANNEL_ID_NONE };
  g_autoptr (GError) error = NULL;

  self->kind = *kind;
  self->from = from;
  self->seen = g_new0 (guint8, kind->total);
  self->latencies = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_ptr_array_add (from->pair->flows, self);
  self->channel = wherry_channel_set_create (from->set, &init, &error);
  g_assert_no_error (error);
  return self;
}

static void
stop (LossyFlow *self)
{
  wherry_clock_clear_source (&self->timer);
  wherry_clock_clear_source (&self->waiting);
}

void
lossy_flow_free (LossyFlow *self)
{
  stop (self);
  g_ptr_array_remove (self->from->pair->flows, self);
  g_array_unref (self->latencies);
  g_free (self->seen);
  g_free (self);
}

static gsize
size_of (LossyFlow *self, guint32 number)
{
  return sizeof (Header) + (number * 7919u) % (self->kind.size_max - sizeof (Header) + 1);
}

static WherryMessage *
make_message (LossyFlow *self, guint32 number)
{
  Header header = { .number = number,
                    .size = (guint32) size_of (self, number),
                    .sent_us = g_get_monotonic_time () };
  guint8 *data = g_malloc (header.size);

  memset (data, (int) (number & 0xff), header.size);
  memcpy (data, &header, sizeof header);
  return wherry_message_new_take (WHERRY_MESSAGE_BINARY, data, header.size, NULL);
}

static gboolean
send_one (LossyFlow *self)
{
  g_autoptr (WherryMessage) message = make_message (self, self->sent);
  WherrySendResult result = wherry_channel_send (self->channel, message);

  g_assert_cmpint (result, !=, WHERRY_SEND_FAILED);
  if (result == WHERRY_SEND_OK)
    self->sent++;
  else
    self->refused++;
  return result == WHERRY_SEND_OK;
}

void
lossy_flow_send (LossyFlow *self)
{
  if (!self->open || self->kind.interval_us > 0)
    return;
  wherry_stream_transport_cork (self->from->sctp);
  while (self->sent < self->kind.total && send_one (self))
    ;
  wherry_stream_transport_uncork (self->from->sctp);
}

static gboolean
on_timer (gpointer user_data)
{
  LossyFlow *self = user_data;

  if (self->sent < self->kind.total)
    send_one (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_begin (gpointer user_data)
{
  LossyFlow *self = user_data;

  self->open = TRUE;
  self->start_us = self->last_us = g_get_monotonic_time ();
  if (self->kind.interval_us > 0)
    self->timer
        = wherry_clock_add (wherry_clock_system (), NULL, self->kind.interval_us, on_timer, self);
  lossy_flow_send (self);
  return G_SOURCE_REMOVE;
}

void
lossy_flow_opened (LossyFlow *self)
{
  self->waiting
      = wherry_clock_add (wherry_clock_system (), NULL, self->kind.wait_us, on_begin, self);
}

static void
check (LossyFlow *self, const Header *header, const guint8 *data, gsize length)
{
  g_assert_cmpuint (header->size, ==, length);
  g_assert_cmpuint (header->number, <, self->sent);
  g_assert_cmpuint (length, ==, size_of (self, header->number));
  for (gsize i = sizeof *header; i < length; i++)
    if (data[i] != (guint8) header->number)
      g_error ("%s: message %u is not what was sent", self->kind.name, header->number);
}

void
lossy_flow_receive (LossyFlow *self, LossySide *at, WherryMessage *message)
{
  gint64 now_us = g_get_monotonic_time ();
  gint64 latency_us;
  Header header;
  gsize length;
  const guint8 *data = wherry_message_get_data (message, &length);

  g_assert_true (at != self->from);
  g_assert_cmpuint (length, >=, sizeof header);
  memcpy (&header, data, sizeof header);
  check (self, &header, data, length);
  if (self->seen[header.number]++ > 0)
    self->repeated++;
  if (self->kind.ordered && header.number < self->next)
    self->misplaced++;
  if (self->kind.ordered && self->kind.reliability == WHERRY_RELIABLE
      && header.number != self->next)
    self->misplaced++;
  self->next = header.number + 1;
  self->received++;
  self->bytes += length;
  self->gap_us = MAX (self->gap_us, now_us - self->last_us);
  self->last_us = now_us;
  self->done_us = now_us - self->start_us;
  latency_us = now_us - header.sent_us;
  g_array_append_val (self->latencies, latency_us);
}

gboolean
lossy_flow_is_done (LossyFlow *self)
{
  if (self->from->ended != NULL)
    g_error ("%s, seed %u: %s ended after %u messages: %s", self->from->pair->name,
             self->from->pair->options.seed, self->kind.name, self->received, self->from->ended);
  if (self->kind.reliability == WHERRY_RELIABLE)
    return self->received >= self->kind.total;
  return self->sent == self->kind.total
         && wherry_stream_transport_get_buffered (self->from->sctp) == 0;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 left = *(const gint64 *) a;
  gint64 right = *(const gint64 *) b;

  return (left > right) - (left < right);
}

gint64
lossy_flow_latency (LossyFlow *self, double share)
{
  guint n = self->latencies->len;

  if (n == 0)
    return 0;
  g_array_sort (self->latencies, compare);
  return g_array_index (self->latencies, gint64, MIN (n - 1, (guint) (share * (double) n)));
}
