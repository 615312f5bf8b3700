/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-peer"

#include "config.h"

#include "peer/wherry-peer-stats.h"

#include "peer/wherry-peer-core-private.h"
#include "peer/wherry-peer-private.h"

static gboolean
compute_fingerprint (GBytes *der, WherryFingerprint *fingerprint)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_update (checksum, g_bytes_get_data (der, NULL), (gssize) g_bytes_get_size (der));
  g_checksum_get_digest (checksum, digest, &length);
  return wherry_fingerprint_init (fingerprint, WHERRY_HASH_SHA_256, digest, length);
}

gboolean
wherry_peer_get_stats (WherryPeer *self, WherryPeerStats *stats)
{
  WherryPeerCore *core = self->core;
  g_autoptr (GBytes) der = NULL;

  *stats = (WherryPeerStats){ 0 };
  if (core == NULL || core->stack == NULL)
    return FALSE;
  WHERRY_ASSERT_OWNER (core);
  memcpy (stats->layers, core->layers, sizeof stats->layers);
  stats->has_role = core->negotiation.has_role;
  stats->is_client = core->negotiation.is_client;
  wherry_peer_stack_get_stats (core->stack, stats);
  der = wherry_peer_dup_remote_certificate (self);
  stats->has_remote_fingerprint
      = der != NULL && compute_fingerprint (der, &stats->remote_fingerprint);
  return TRUE;
}

void
wherry_peer_stats_clear (WherryPeerStats *stats)
{
  g_clear_pointer (&stats->local_ufrag, g_free);
}

GBytes *
wherry_peer_dup_remote_certificate (WherryPeer *self)
{
  GBytes *der = NULL;

  if (self->core == NULL || self->core->stack == NULL)
    return NULL;
  WHERRY_ASSERT_OWNER (self->core);
  der = wherry_peer_stack_get_remote_certificate (self->core->stack);
  return der != NULL ? g_bytes_ref (der) : NULL;
}
