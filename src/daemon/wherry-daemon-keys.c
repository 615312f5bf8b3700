/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-daemon"

#include "config.h"

#include <glib/gi18n.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "daemon/wherry-daemon-keys.h"
#include "daemon/wherry-daemon-values.h"
#include "relay/wherry-rule-keys.h"

static gboolean
set_size (gsize *out, const char *value, guint64 min, GError **error)
{
  guint64 number;

  if (!wherry_daemon_value_size (value, min, MIN (WHERRY_RULE_SIZE_MAX, G_MAXSIZE / 2), &number,
                                 error))
    return FALSE;
  *out = (gsize) number;
  return TRUE;
}

static gboolean
set_uint (guint *out, const char *value, guint64 min, guint64 max, GError **error)
{
  guint64 number;

  if (!wherry_daemon_value_uint (value, min, max, &number, error))
    return FALSE;
  *out = (guint) number;
  return TRUE;
}

static gboolean
set_listen (WherryDaemonOptions *options, const char *value, GError **error)
{
  GSocketAddress *address = wherry_daemon_value_address (value, error);

  if (address == NULL)
    return FALSE;
  g_ptr_array_add (options->listen, address);
  return TRUE;
}

static gboolean
set_bind_address (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_ice_config_add_bind_address (options->relay->ice, value, error);
}

static gboolean
set_port_range (WherryDaemonOptions *options, const char *value, GError **error)
{
  guint16 min;
  guint16 max;

  return wherry_daemon_value_port_range (value, &min, &max, error)
         && wherry_ice_config_set_port_range (options->relay->ice, min, max, error);
}

static gboolean
set_stun_server (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_value_stun (value, options->relay->ice, error);
}

static gboolean
set_turn_server (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_value_turn (value, options->relay->ice, error);
}

static gboolean
set_external_address (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_ice_config_set_external_address (options->relay->ice, value, error);
}

static gboolean
set_max_peers (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->relay->max_peers, value, 0, 1000000, error);
}

static gboolean
set_threads (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_value_threads (value, &options->relay->threads, error);
}

static gboolean
set_members_per_room (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->relay->members_per_room, value, 1, 1000000, error);
}

static gboolean
set_topics_per_room (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->relay->topics_per_room, value, 1, 65535, error);
}

static gboolean
set_channels_per_member (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->relay->channels_per_member, value, 1, WHERRY_SCTP_STREAMS_MAX, error);
}

static gboolean
set_max_rooms (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->relay->max_rooms, value, 0, 10000000, error);
}

static gboolean
set_members_per_address (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->relay->members_per_address, value, 0, 1000000, error);
}

static gboolean
set_topics_per_member (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->relay->topics_per_member, value, 1, 65535, error);
}

static gboolean
set_message_rate (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->relay->message_rate, value, 0, 1000000000, error);
}

static gboolean
set_byte_rate (WherryDaemonOptions *options, const char *value, GError **error)
{
  guint64 number;

  /* what the bucket can count */
  if (!wherry_daemon_value_size (value, 0, G_GUINT64_CONSTANT (1) << 38, &number, error))
    return FALSE;
  options->relay->byte_rate = (gsize) number;
  return TRUE;
}

static gboolean
set_rate_policy (WherryDaemonOptions *options, const char *value, GError **error)
{
  static const char *const words[] = { "block", "disconnect", NULL };
  guint word;

  if (!wherry_daemon_value_word (value, words, &word, error))
    return FALSE;
  options->relay->rate_disconnects = word == 1;
  return TRUE;
}

static gboolean
set_bad_messages (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->relay->bad_frames, value, 0, G_MAXINT, error);
}

static gboolean
set_attributes_per_room (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_size (&options->relay->attributes_per_room, value, 0, error);
}

static gboolean
set_joins_per_address (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->joins_per_address, value, 0, 1000000, error);
}

static gboolean
set_outbox_bytes (WherryDaemonOptions *options, const char *value, GError **error)
{
  WherryOutboxLimits *outbox = &options->relay->outbox;

  if (!set_size (&outbox->outbox_high, value, 4 * WHERRY_KIB, error))
    return FALSE;
  outbox->outbox_low = outbox->outbox_high / 4;
  options->relay->member_bytes = MAX (options->relay->member_bytes, outbox->outbox_high);
  return TRUE;
}

static gboolean
set_outbox_low (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_size (&options->relay->outbox.outbox_low, value, 0, error);
}

static gboolean
set_outbox_messages (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_uint (&options->relay->outbox.messages_high, value, 0, G_MAXINT, error);
}

static gboolean
set_policy_word (WherryPolicy *out, const char *value, GError **error)
{
  guint word;

  if (!wherry_daemon_value_word (value, wherry_policy_names, &word, error))
    return FALSE;
  *out = (WherryPolicy) word;
  return TRUE;
}

static gboolean
set_policy (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_policy_word (&options->relay->policy, value, error);
}

static gboolean
set_policy_lossy (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_policy_word (&options->relay->policy_lossy, value, error);
}

static gboolean
set_member_bytes (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_size (&options->relay->member_bytes, value, 4 * WHERRY_KIB, error);
}

static gboolean
set_memory_budget (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_size (&options->relay->memory_budget, value, 1 * WHERRY_MIB, error);
}

static gboolean
set_max_message_size (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_size (&options->relay->max_message_size, value, 1 * WHERRY_KIB, error);
}

static gboolean
set_block_limit (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_value_ms (value, &options->relay->outbox.block_limit_us, error);
}

static gboolean
set_connect_limit (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_value_ms (value, &options->relay->connect_limit_us, error);
}

static gboolean
set_resume_window (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_value_ms (value, &options->relay->resume_window_us, error);
}

static gboolean
set_history_dir (WherryDaemonOptions *options, const char *value, GError **error)
{
  g_free (options->relay->history_dir);
  options->relay->history_dir = g_strdup (value);
  return TRUE;
}

static gboolean
set_history_sync (WherryDaemonOptions *options, const char *value, GError **error)
{
  options->relay->history_sync_full = g_str_equal (value, "full");
  if (options->relay->history_sync_full || g_str_equal (value, "normal"))
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, _ ("normal or full, not %s"),
               value);
  return FALSE;
}

static gboolean
set_history_disk_bytes (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_size (&options->relay->history_disk_bytes, value, 0, error);
}

static gboolean
set_resume_bytes (WherryDaemonOptions *options, const char *value, GError **error)
{
  return set_size (&options->relay->resume_bytes, value, 64 * WHERRY_KIB, error);
}

static gboolean
set_tunnel (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_value_bool (value, &options->relay->tunnel, error);
}

static gboolean
set_ice_tcp (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_value_bool (value, &options->relay->ice->ice_tcp, error);
}

static gboolean
set_insecure_open (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_value_bool (value, &options->insecure_open, error);
}

static gboolean
set_allowed_origin (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_origin_policy_allow_origin (options->origins, value, error);
}

static gboolean
set_cors_origins (WherryDaemonOptions *options, const char *value, GError **error)
{
  if (options->cors_origins == NULL)
    options->cors_origins = wherry_origin_policy_new ();
  return wherry_origin_policy_allow_origin (options->cors_origins, value, error);
}

static gboolean
set_allowed_host (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_origin_policy_allow_host (options->origins, value, error);
}

static gboolean
set_token_keys (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_auth_add_keys (options->auth, value, error);
}

static gboolean
set_token_skew (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_auth_set_skew (options->auth, value, error);
}

static gboolean
set_token_audience (WherryDaemonOptions *options, const char *value, GError **error)
{
  g_free (options->auth->audience);
  options->auth->audience = g_strdup (value);
  return TRUE;
}

static gboolean
set_trusted_proxy (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_proxy_policy_trust (options->auth->proxies, value, error);
}

static gboolean
set_turn_secret (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_auth_read_turn_secret (options->relay, value, error);
}

static gboolean
set_turn_uri (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_auth_add_turn_uri (options->relay, value, error);
}

static gboolean
set_turn_lifetime (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_auth_set_turn_lifetime (options->relay, value, error);
}

static gboolean
set_verbose (WherryDaemonOptions *options, const char *value, GError **error)
{
  return wherry_daemon_value_bool (value, &options->verbose, error);
}

const WherryDaemonKey wherry_daemon_keys[] = {
  { "listen", N_ ("ADDRESS:PORT"), N_ ("Where to listen for HTTP (default 127.0.0.1:8888)"), TRUE,
    set_listen },
  { "bind-address", N_ ("IP"), N_ ("Local address for peer connections"), TRUE, set_bind_address },
  { "port-range", N_ ("MIN-MAX"), N_ ("UDP ports for peer connections (default any)"), FALSE,
    set_port_range },
  { "stun-server", N_ ("stun:HOST[:PORT]"), N_ ("STUN server"), TRUE, set_stun_server },
  { "turn-server", N_ ("turn:USER:PASSWORD@HOST[:PORT]"), N_ ("TURN server"), TRUE,
    set_turn_server },
  { "external-address", N_ ("IP"), N_ ("Our address as others see it, behind a 1:1 NAT"), FALSE,
    set_external_address },
  { "max-peers", N_ ("N"), N_ ("Most peer connections (default 0: what the system allows)"), FALSE,
    set_max_peers },
  { "threads", N_ ("N"),
    N_ ("Threads that carry all peers together (default per-peer: one for each)"), FALSE,
    set_threads },
  { "members-per-room", N_ ("N"), N_ ("Most members of a room"), FALSE, set_members_per_room },
  { "topics-per-room", N_ ("N"), N_ ("Most topics of a room"), FALSE, set_topics_per_room },
  { "channels-per-member", N_ ("N"), N_ ("Most data channels of a member"), FALSE,
    set_channels_per_member },
  { "max-rooms", N_ ("N"), N_ ("Most rooms (default 1000; 0: any number)"), FALSE, set_max_rooms },
  { "members-per-address", N_ ("N"),
    N_ ("Most members from one address but loopback (0: any number)"), FALSE,
    set_members_per_address },
  { "topics-per-member", N_ ("N"), N_ ("Most topics that one member may begin"), FALSE,
    set_topics_per_member },
  { "message-rate", N_ ("N"),
    N_ ("Most messages a second of a member, but on loopback (0: any number)"), FALSE,
    set_message_rate },
  { "byte-rate", N_ ("SIZE"), N_ ("The same in bytes"), FALSE, set_byte_rate },
  { "rate-policy", N_ ("POLICY"), N_ ("Who sends more: block it, or disconnect it (block)"), FALSE,
    set_rate_policy },
  { "bad-messages", N_ ("N"),
    N_ ("Bad messages on data channels, a minute, that a member may send"), FALSE,
    set_bad_messages },
  { "attributes-per-room", N_ ("SIZE"), N_ ("What the attributes of a room's members may take"),
    FALSE, set_attributes_per_room },
  { "joins-per-address", N_ ("N"),
    N_ ("Most joins a second from one address but loopback (0: any number)"), FALSE,
    set_joins_per_address },
  { "outbox-bytes", N_ ("SIZE"), N_ ("What may wait for one member on one channel"), FALSE,
    set_outbox_bytes },
  { "outbox-low", N_ ("SIZE"), N_ ("When so little waits, publishers go on (a quarter)"), FALSE,
    set_outbox_low },
  { "outbox-messages", N_ ("N"), N_ ("How many may wait for one member on one channel (0: any)"),
    FALSE, set_outbox_messages },
  { "policy", N_ ("POLICY"),
    N_ ("When more waits: block, drop-oldest, drop-newest, latest, disconnect (block)"), FALSE,
    set_policy },
  { "policy-lossy", N_ ("POLICY"), N_ ("The same for lossy channels (drop-oldest)"), FALSE,
    set_policy_lossy },
  { "member-bytes", N_ ("SIZE"), N_ ("What may wait for one member"), FALSE, set_member_bytes },
  { "memory-budget", N_ ("SIZE"), N_ ("What all messages together may take"), FALSE,
    set_memory_budget },
  { "max-message-size", N_ ("SIZE"), N_ ("Largest message taken from a peer"), FALSE,
    set_max_message_size },
  { "block-limit-ms", N_ ("MS"), N_ ("How long a slow member may hold up others"), FALSE,
    set_block_limit },
  { "connect-limit-ms", N_ ("MS"), N_ ("How long a member may take to connect"), FALSE,
    set_connect_limit },
  { "resume-window-ms", N_ ("MS"),
    N_ ("How long a member may be away and come back (0: not at all)"), FALSE, set_resume_window },
  { "history-dir", N_ ("DIRECTORY"), N_ ("Keep there what topics keep, over restarts"), FALSE,
    set_history_dir },
  { "history-sync", N_ ("MODE"),
    N_ ("normal: survives the process's end; full: the machine's (normal)"), FALSE,
    set_history_sync },
  { "history-disk-bytes", N_ ("SIZE"), N_ ("What may be kept there (0: any)"), FALSE,
    set_history_disk_bytes },
  { "resume-bytes", N_ ("SIZE"), N_ ("What each topic keeps for members that are away"), FALSE,
    set_resume_bytes },
  { "tunnel", N_ ("BOOL"),
    N_ ("Channels on the signaling socket where UDP is blocked (default yes)"), FALSE, set_tunnel },
  { "ice-tcp", N_ ("BOOL"), N_ ("TCP candidates for peer connections (default no)"), FALSE,
    set_ice_tcp },
  { "insecure-open", NULL, N_ ("Listen beyond this machine although anybody may join"), FALSE,
    set_insecure_open },
  { "allowed-origin", N_ ("ORIGIN"), N_ ("Web pages that may connect, besides our own"), TRUE,
    set_allowed_origin },
  { "cors-origins", N_ ("ORIGIN"),
    N_ ("Web pages that may ask by HTTP, besides our own (default: as allowed-origin)"), TRUE,
    set_cors_origins },
  { "allowed-host", N_ ("NAME"), N_ ("Name or address that we are known by"), TRUE,
    set_allowed_host },
  { "token-keys", N_ ("FILE"), N_ ("Keys that tokens are signed with: everybody needs one then"),
    TRUE, set_token_keys },
  { "token-skew-seconds", N_ ("N"), N_ ("How far the clock of who makes tokens may be from ours"),
    FALSE, set_token_skew },
  { "token-audience", N_ ("NAME"), N_ ("Who tokens have to be for (aud)"), FALSE,
    set_token_audience },
  { "trusted-proxy", N_ ("ADDRESS[/BITS]"), N_ ("Whose X-Forwarded-For or Forwarded is believed"),
    TRUE, set_trusted_proxy },
  { "turn-rest-secret-file", N_ ("FILE"), N_ ("Secret that we share with a TURN server"), FALSE,
    set_turn_secret },
  { "turn-rest-uri", N_ ("turn:HOST[:PORT]"), N_ ("That server, for members to use"), TRUE,
    set_turn_uri },
  { "turn-rest-lifetime-seconds", N_ ("N"), N_ ("How long its credentials are good"), FALSE,
    set_turn_lifetime },
  { "verbose", NULL, N_ ("Say more"), FALSE, set_verbose },
};
const guint wherry_daemon_n_keys = G_N_ELEMENTS (wherry_daemon_keys);

const WherryDaemonKey *
wherry_daemon_key_find (const char *name)
{
  for (guint i = 0; i < wherry_daemon_n_keys; i++)
    if (g_str_equal (wherry_daemon_keys[i].name, name))
      return &wherry_daemon_keys[i];
  return NULL;
}
