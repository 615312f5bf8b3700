/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <sys/socket.h>

#include "lib/counting-wire.h"

typedef struct
{
  CountingWire *wire;
  PairEnd *end;    /* that sends here */
  GSocket *socket; /* the other end's address, as this end knows it */
  GSource *source;
  GSocketAddress *there; /* where this end is really (nullable) */
  GQueue held;           /* of GBytes from this end */
  guint64 held_bytes;
  guint n_delayed;
  WireCount count;
} Side;

struct _CountingWire
{
  ConnectionPair *pair;
  Side sides[2];
  gboolean hold;
  guint delay_ms;
};

static Side *
side_of (CountingWire *self, PairEnd *end)
{
  return &self->sides[end == &self->pair->a ? 0 : 1];
}

static Side *
other_side (Side *side)
{
  return side_of (side->wire, pair_other (side->end));
}

/* Comes to the other end from the address that it knows as ours. */
static void
deliver (Side *side, GBytes *packet)
{
  Side *to = other_side (side);
  gsize length = 0;
  const char *data = g_bytes_get_data (packet, &length);

  if (to->there != NULL)
    g_socket_send_to (to->socket, to->there, data, length, NULL, NULL);
}

typedef struct
{
  Side *side;
  GBytes *packet;
} Delayed;

static void
delayed_free (gpointer data)
{
  Delayed *delayed = data;

  delayed->side->n_delayed--;
  g_bytes_unref (delayed->packet);
  g_free (delayed);
}

static gboolean
on_delay_over (gpointer data)
{
  Delayed *delayed = data;

  deliver (delayed->side, delayed->packet);
  return G_SOURCE_REMOVE;
}

static void
forward (Side *side, GBytes *packet)
{
  Delayed *delayed = NULL;

  if (side->wire->delay_ms == 0)
    {
      deliver (side, packet);
      return;
    }
  delayed = g_new (Delayed, 1);
  delayed->side = side;
  delayed->packet = g_bytes_ref (packet);
  side->n_delayed++;
  g_timeout_add_full (G_PRIORITY_DEFAULT, side->wire->delay_ms, on_delay_over, delayed,
                      delayed_free);
}

/* RFC 7983 section 7 */
static gboolean
is_dtls (const guint8 *data, gsize length)
{
  return length > 0 && data[0] >= 20 && data[0] <= 63;
}

static void
take (Side *side, const guint8 *data, gsize length)
{
  g_autoptr (GBytes) packet = g_bytes_new (data, length);

  if (is_dtls (data, length))
    {
      side->count.packets++;
      side->count.bytes += length;
      side->count.largest = MAX (side->count.largest, length);
      side->count.last_us = g_get_real_time ();
      if (side->wire->hold)
        {
          g_queue_push_tail (&side->held, g_steal_pointer (&packet));
          side->held_bytes += length;
          return;
        }
    }
  forward (side, packet);
}

static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer data)
{
  char buffer[2048];
  gssize length = 0;

  while ((length = g_socket_receive_from (socket, NULL, buffer, sizeof buffer, NULL, NULL)) > 0)
    take (data, (const guint8 *) buffer, (gsize) length);
  return G_SOURCE_CONTINUE;
}

static void
side_init (Side *side, CountingWire *wire, PairEnd *end)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);

  side->wire = wire;
  side->end = end;
  side->socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_socket_set_blocking (side->socket, FALSE);
  g_socket_set_option (side->socket, SOL_SOCKET, SO_RCVBUF, 4 << 20, NULL);
  g_assert_true (g_socket_bind (side->socket, any, FALSE, NULL));
  side->source = g_socket_create_source (side->socket, G_IO_IN, NULL);
  g_source_set_callback (side->source, G_SOURCE_FUNC (on_readable), side, NULL);
  g_source_attach (side->source, NULL);
}

CountingWire *
counting_wire_new (ConnectionPair *pair)
{
  CountingWire *self = g_new0 (CountingWire, 1);

  self->pair = pair;
  pair->holds_candidates = TRUE;
  side_init (&self->sides[0], self, &pair->a);
  side_init (&self->sides[1], self, &pair->b);
  return self;
}

void
counting_wire_free (CountingWire *self)
{
  for (guint i = 0; i < 2; i++)
    {
      Side *side = &self->sides[i];

      while (side->n_delayed > 0)
        g_main_context_iteration (NULL, TRUE);
      g_source_destroy (side->source);
      g_source_unref (side->source);
      g_object_unref (side->socket);
      g_clear_object (&side->there);
      g_queue_clear_full (&side->held, (GDestroyNotify) g_bytes_unref);
    }
  g_free (self);
}

static guint
port_of (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

static void
carry_one (CountingWire *self, PairEnd *from, WherryIceCandidate *candidate)
{
  Side *side = side_of (self, from);
  g_autofree char *port = g_strdup_printf (" %u typ", wherry_ice_candidate_get_port (candidate));
  g_autofree char *theirs = g_strdup_printf (" %u typ", port_of (other_side (side)->socket));
  g_autoptr (GString) text = g_string_new (wherry_ice_candidate_get_candidate (candidate));
  g_autoptr (WherryIceCandidate) changed = NULL;

  if (wherry_ice_candidate_is_parsed (candidate))
    {
      g_clear_object (&side->there);
      side->there
          = g_inet_socket_address_new_from_string (wherry_ice_candidate_get_address (candidate),
                                                   wherry_ice_candidate_get_port (candidate));
      g_assert_cmpuint (g_string_replace (text, port, theirs, 0), ==, 1);
    }
  changed = wherry_ice_candidate_new (text->str, wherry_ice_candidate_get_sdp_mid (candidate),
                                      wherry_ice_candidate_get_sdp_mline_index (candidate),
                                      wherry_ice_candidate_get_username_fragment (candidate));
  g_assert_true (pair_add_candidate (pair_other (from), changed, NULL));
}

void
counting_wire_carry (CountingWire *self)
{
  for (guint i = 0; i < 2; i++)
    while (self->sides[i].end->candidates->len > 0)
      {
        g_autoptr (WherryIceCandidate) candidate
            = g_ptr_array_steal_index (self->sides[i].end->candidates, 0);

        carry_one (self, self->sides[i].end, candidate);
      }
}

const WireCount *
counting_wire_get (CountingWire *self, PairEnd *sender)
{
  return &side_of (self, sender)->count;
}

void
counting_wire_hold (CountingWire *self, gboolean hold)
{
  self->hold = hold;
  for (guint i = 0; i < 2 && !hold; i++)
    {
      GBytes *packet = NULL;

      while ((packet = g_queue_pop_head (&self->sides[i].held)) != NULL)
        {
          forward (&self->sides[i], packet);
          g_bytes_unref (packet);
        }
      self->sides[i].held_bytes = 0;
    }
}

guint64
counting_wire_get_held_bytes (CountingWire *self, PairEnd *sender)
{
  return side_of (self, sender)->held_bytes;
}

guint
counting_wire_get_held_packets (CountingWire *self, PairEnd *sender)
{
  return side_of (self, sender)->held.length;
}

void
counting_wire_set_delay (CountingWire *self, guint delay_ms)
{
  self->delay_ms = delay_ms;
}
