/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The data channels of one association: ids, DCEP, opening, closing. Owner thread only. */

#include "channel/wherry-channel.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_CHANNEL_SET (wherry_channel_set_get_type ())
G_DECLARE_FINAL_TYPE (WherryChannelSet, wherry_channel_set, WHERRY, CHANNEL_SET, GObject)

typedef struct
{
  /* The association is up (before any channel's open event) or ended (after every channel's closed
   * event). */
  void (*state) (gpointer user_data, WherryTransportState state, const GError *error);
  /* Their OPEN came. Answer with accept() or close(), now or later. */
  void (*incoming) (gpointer user_data, WherryChannel *channel);
  /* Ours was acknowledged, a negotiated one can be used, or theirs was accepted. */
  void (*open) (gpointer user_data, WherryChannel *channel);
  /* Until closed: also while our own close is under way. */
  void (*message) (gpointer user_data, WherryChannel *channel, WherryMessage *message);
  /* We close it and our reset was performed: all that we sent on it has arrived. (nullable) */
  void (*flushed) (gpointer user_data, WherryChannel *channel);
  /* Closed by either side or with the association; the id is free again. */
  void (*closed) (gpointer user_data, WherryChannel *channel);
  void (*writable) (gpointer user_data);
} WherryChannelSetEvents;

/* max_channels: in-band channels of theirs beyond it are reset and counted (CHANNELS_REFUSED). */
WherryChannelSet *wherry_channel_set_new (guint max_channels, const WherryChannelSetEvents *events,
                                          gpointer user_data);
/* For a program that is one of the two peers, as opposed to the relay. To be called first.
 *
 * Labels and protocols may have the 65535 bytes that DCEP can count; theirs together no more than
 * WHERRY_CHANNEL_NAMES_MAX, beyond which a channel is reset and counted (CHANNELS_REFUSED). */
void wherry_channel_set_allow_long_names (WherryChannelSet *self);
/* Who makes an in-band channel gives it its id, in the init or later with wherry_channel_give_id(),
 * so that it can be known elsewhere without asking here; until then it stays as it is. */
void wherry_channel_set_leave_ids (WherryChannelSet *self);
/* Channels may be made before; they open when the association is up. is_dtls_client: even stream
 * ids are ours (RFC 8832 section 6). */
void wherry_channel_set_attach (WherryChannelSet *self, WherryStreamTransport *transport,
                                gboolean is_dtls_client);
/* Before it was connected: another one in its place. */
void wherry_channel_set_replace (WherryChannelSet *self, WherryStreamTransport *transport,
                                 gboolean is_dtls_client);
/* Whether it could be created and used now. Errors as create()'s, and WHERRY_ERROR_UNSUPPORTED for
 * a negotiated id beyond the streams that a living association has: dcsctp (Chromium, Firefox) and
 * pion leave a request for more (RFC 6525 section 4.5) unanswered, and while one is unanswered no
 * stream can be reset. */
gboolean wherry_channel_set_check (WherryChannelSet *self, const WherryChannelInit *init,
                                   GError **error);
/* (transfer none): the set keeps it until closed. WHERRY_ERROR_INVALID_ARGUMENT (id taken, label
 * too long), WHERRY_ERROR_LIMIT (no id left). */
WherryChannel *wherry_channel_set_create (WherryChannelSet *self, const WherryChannelInit *init,
                                          GError **error);
/* TRUE: it was closed, or its association ended: also while its channels are told so. */
gboolean wherry_channel_set_is_closed (WherryChannelSet *self);
guint wherry_channel_set_get_n_channels (WherryChannelSet *self);
WherryChannel *wherry_channel_set_lookup (WherryChannelSet *self,
                                          guint16 id); /* (transfer none) (nullable) */
/* Every channel gets its closed event now; the transport is left alone. */
void wherry_channel_set_close (WherryChannelSet *self);

G_END_DECLS
