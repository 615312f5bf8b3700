/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "integration/lossy/lossy-flow.h"
#include "integration/lossy/lossy-pair.h"

static void
on_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  LossySide *side = user_data;

  if (state == WHERRY_TRANSPORT_CONNECTED)
    side->up_us = g_get_monotonic_time () - side->pair->start_us;
  if (state == WHERRY_TRANSPORT_FAILED || state == WHERRY_TRANSPORT_CLOSED)
    side->ended = g_strdup (error != NULL ? error->message : "closed");
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  wherry_channel_accept (channel);
}

static LossyFlow *
get_flow (LossySide *side, WherryChannel *channel)
{
  guint64 index = g_ascii_strtoull (wherry_channel_get_label (channel), NULL, 10);

  g_assert_cmpuint (index, <, side->pair->flows->len);
  return g_ptr_array_index (side->pair->flows, index);
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  LossySide *side = user_data;

  lossy_flow_receive (get_flow (side, channel), side, message);
}

static void
on_writable (gpointer user_data)
{
  LossySide *side = user_data;

  for (guint i = 0; i < side->pair->flows->len; i++)
    {
      LossyFlow *flow = g_ptr_array_index (side->pair->flows, i);

      if (flow->from == side)
        lossy_flow_send (flow);
    }
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
  LossySide *side = user_data;
  LossyFlow *flow = get_flow (side, channel);

  if (flow->from == side)
    lossy_flow_opened (flow);
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
}

static const WherryChannelSetEvents events = {
  .state = on_state,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .closed = on_closed,
  .writable = on_writable,
};

static gboolean
count_too_large (const guint8 *data, gsize length, gpointer user_data)
{
  LossyPair *pair = user_data;

  if (length <= LOSSY_MTU_1280)
    return TRUE;
  pair->too_large++;
  return FALSE;
}

static void
side_init (LossySide *side, LossyPair *pair, gboolean is_client)
{
  g_autoptr (GError) error = NULL;

  side->pair = pair;
  wherry_fake_link_set_filter (side->link, count_too_large, pair);
  side->certificate = wherry_dtls_certificate_new (1, &error);
  g_assert_no_error (error);
  side->dtls = wherry_dtls_session_new (side->certificate, WHERRY_PACKET_TRANSPORT (side->link),
                                        NULL, NULL);
  side->sctp = WHERRY_STREAM_TRANSPORT (
      wherry_sctp_association_new (WHERRY_PACKET_TRANSPORT (side->dtls), NULL, NULL));
  side->set = wherry_channel_set_new (16, &events, side);
  wherry_channel_set_attach (side->set, side->sctp, is_client);
}

static void
set_remote (LossySide *side, LossySide *other, WherryDtlsRole role)
{
  g_autoptr (GError) error = NULL;

  wherry_dtls_session_set_remote (side->dtls,
                                  wherry_dtls_certificate_get_fingerprint (other->certificate), 1,
                                  role, &error);
  g_assert_no_error (error);
}

LossyPair *
lossy_pair_new (const char *name, const WherryFakeLinkOptions *options)
{
  LossyPair *self = g_new0 (LossyPair, 1);

  self->name = g_strdup (name);
  self->options = *options;
  self->flows = g_ptr_array_new ();
  wherry_fake_link_new_pair (options, NULL, NULL, &self->a.link, &self->b.link);
  side_init (&self->a, self, TRUE);
  side_init (&self->b, self, FALSE);
  self->start_us = g_get_monotonic_time ();
  set_remote (&self->a, &self->b, WHERRY_DTLS_CLIENT);
  set_remote (&self->b, &self->a, WHERRY_DTLS_SERVER);
  return self;
}

static void
look (LossySide *side)
{
  if (side->secured_us == 0
      && wherry_packet_transport_get_state (WHERRY_PACKET_TRANSPORT (side->dtls))
             == WHERRY_TRANSPORT_CONNECTED)
    side->secured_us = g_get_monotonic_time () - side->pair->start_us;
}

gboolean
lossy_pair_is_up (LossyPair *self)
{
  if (self->a.ended != NULL || self->b.ended != NULL)
    g_error ("%s, seed %u: ended after %" G_GINT64_FORMAT " ms: %s", self->name, self->options.seed,
             (g_get_monotonic_time () - self->start_us) / 1000,
             self->a.ended != NULL ? self->a.ended : self->b.ended);
  look (&self->a);
  look (&self->b);
  return self->a.up_us != 0 && self->b.up_us != 0;
}

gint64
lossy_pair_get_secured_us (LossyPair *self)
{
  return MAX (self->a.secured_us, self->b.secured_us);
}

gint64
lossy_pair_get_up_us (LossyPair *self)
{
  return MAX (self->a.up_us, self->b.up_us);
}

static void
side_clear (LossySide *side)
{
  wherry_channel_set_close (side->set);
  g_assert_finalize_object (side->set);
  wherry_stream_transport_close (side->sctp);
  g_object_add_weak_pointer (G_OBJECT (side->sctp), (gpointer *) &side->sctp);
  g_object_unref (side->sctp);
  /* a dispatch of its own may hold it still */
  WHERRY_WAIT_UNTIL (NULL, side->sctp == NULL);
  g_assert_finalize_object (side->dtls);
  g_assert_finalize_object (side->link);
  wherry_dtls_certificate_unref (side->certificate);
  g_free (side->ended);
}

void
lossy_pair_free (LossyPair *self)
{
  g_assert_cmpuint (self->too_large, ==, 0);
  side_clear (&self->a);
  side_clear (&self->b);
  g_ptr_array_unref (self->flows);
  g_free (self->name);
  g_free (self);
}
