/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include <errno.h>
#include <string.h>

#include <usrsctp.h>

#include "base/wherry-error.h"
#include "base/wherry-log.h"

#include "sctp/wherry-sctp-options.h"

/* RFC 9260 section 16 recommends RTO.Initial 1 s; ICE and DTLS have just shown that the path works.
 * Its RTO.Min of 1 s would make every tail loss visible to a person; 300 ms is beyond the longest
 * delayed SACK (200 ms) and a common round trip. */
#define RTO_INITIAL_MS 500
#define RTO_MIN_MS 300
/* Timeouts in a row until the association is given up: a minute and a half, or three. The path's
 * own limit (RFC 9260 section 8.2; 5 by default) must not be less: usrsctp sends nothing new on its
 * only path once that is "unreachable", not even after everything old was acknowledged. */
#define RETRANSMISSIONS 90
/* The handshake's packets are small and few, and somebody waits. The other side may start seconds
 * after us (its DTLS came up later), and our INIT is answered only then: often, and longer than the
 * connect limit of the layers above (30 s). */
#define RTO_MAX_HANDSHAKE_MS 1000
#define HANDSHAKE_ATTEMPTS 40
/* ICE consent notices a dead path sooner; this one notices a dead association on a living path. */
#define HEARTBEAT_MS 30000

/* RFC 8261 section 5: with 12 bytes of common header added the packet must fit what DTLS takes. */
#define COMMON_HEADER 12

/* RFC 8260 section 4.3.1 names it; usrsctp 0.9.5 has it, but not in its header. */
#ifndef SCTP_INTERLEAVING_SUPPORTED
#define SCTP_INTERLEAVING_SUPPORTED 0x00001206
#endif

static gboolean
set_option (struct socket *so, int level, int option, const void *value, socklen_t length,
            const char *name, GError **error)
{
  if (usrsctp_setsockopt (so, level, option, value, length) == 0)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_FAILED, "Setting %s on an SCTP socket: %s", name,
               g_strerror (errno));
  return FALSE;
}

#define SET(so, level, option, value)                                                              \
  set_option (so, level, option, &(value), sizeof (value), #option, error)

void
wherry_sctp_options_process (void)
{
  /* DTLS authenticates every byte, so checksums are not verified on receive; on_packet_out() writes
   * those that we send (RFC 9260 section 6.8 wants them there all the same). */
  usrsctp_enable_crc32c_offload ();
  /* RFC 8831 section 5: ECN cannot work through DTLS; RFC 8261 section 6.1: no dynamic addresses;
   * DTLS is the authentication. Less code that packets can reach. */
  usrsctp_sysctl_set_sctp_ecn_enable (0);
  usrsctp_sysctl_set_sctp_asconf_enable (0);
  usrsctp_sysctl_set_sctp_auto_asconf (0);
  usrsctp_sysctl_set_sctp_auth_enable (0);
  usrsctp_sysctl_set_sctp_nrsack_enable (0);
  usrsctp_sysctl_set_sctp_pktdrop_enable (0);
  /* RFC 8831 section 5 needs both. */
  usrsctp_sysctl_set_sctp_pr_enable (1);
  usrsctp_sysctl_set_sctp_reconfig_enable (1);
  /* A packet for an association that is gone gets no ABORT: ours was told when it closed. */
  usrsctp_sysctl_set_sctp_blackhole (2);
  /* A receiver may keep its window closed for as long as it likes (RFC 9260 section 6.1 A), and the
   * probe is one chunk, sent again and again: 30 times would be a minute. Who does not answer at
   * all is found by RETRANSMISSIONS; who does, and reads nothing, is its outbox's policy's. */
  usrsctp_sysctl_set_sctp_max_retran_chunk (0);
  /* Each socket has one association, and needs no table of 256 lists to find it. */
  usrsctp_tunable_set_sctp_pcbtblsize (1);
  /* What bounds the send buffer is bytes (SO_SNDBUF); 512 chunks are 32 KiB of 64-byte messages. */
  usrsctp_sysctl_set_sctp_max_chunks_on_queue (4096);
  /* RFC 9260 section 7.2.1 allows 4 packets; RFC 6928's 10 is what browsers' paths see from TCP. */
  usrsctp_sysctl_set_sctp_initial_cwnd (10);
  usrsctp_sysctl_set_sctp_max_burst_default (10);
}

static gboolean
set_socket_options (struct socket *so, const WherrySctpOptions *options, GError **error)
{
  /* close() sends an ABORT and leaves nothing behind (RFC 9260 section 9.1) */
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };
  int send_buffer = (int) options->send_buffer;
  int receive_buffer = (int) options->receive_buffer;

  return SET (so, SOL_SOCKET, SO_LINGER, linger) && SET (so, SOL_SOCKET, SO_SNDBUF, send_buffer)
         && SET (so, SOL_SOCKET, SO_RCVBUF, receive_buffer);
}

static gboolean
set_events (struct socket *so, GError **error)
{
  static const guint16 types[] = {
    SCTP_ASSOC_CHANGE,        /* RFC 6458 section 6.1.1 */
    SCTP_STREAM_RESET_EVENT,  /* RFC 6525 section 6.1.1 */
    SCTP_STREAM_CHANGE_EVENT, /* RFC 6525 section 6.1.3 */
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      struct sctp_event event = { .se_assoc_id = SCTP_ALL_ASSOC, .se_type = types[i], .se_on = 1 };

      if (!SET (so, IPPROTO_SCTP, SCTP_EVENT, event))
        return FALSE;
    }
  return TRUE;
}

static gboolean
set_message_options (struct socket *so, const WherrySctpOptions *options, GError **error)
{
  const int on = 1;
  /* RFC 6458 section 8.1.20: what comes in pieces comes as whole messages here; without 2 there is
   * no I-DATA */
  const int interleave = options->interleaving ? 2 : 1;
  /* RFC 8260 section 4.3.1; needs level 2 to be set before */
  struct sctp_assoc_value i_data
      = { .assoc_id = SCTP_ALL_ASSOC, .assoc_value = options->interleaving };
  /* RFC 6525 section 6.3.1 */
  struct sctp_assoc_value reset
      = { .assoc_id = SCTP_ALL_ASSOC,
          .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_CHANGE_ASSOC_REQ };

  return SET (so, IPPROTO_SCTP, SCTP_NODELAY, on)         /* RFC 6458 section 8.1.5 */
         && SET (so, IPPROTO_SCTP, SCTP_EXPLICIT_EOR, on) /* 8.1.26: larger than the buffer */
         && SET (so, IPPROTO_SCTP, SCTP_RECVRCVINFO, on)  /* 8.1.29: stream and PPID */
         && SET (so, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, interleave)
         && SET (so, IPPROTO_SCTP, SCTP_INTERLEAVING_SUPPORTED, i_data)
         && SET (so, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, reset);
}

static gboolean
set_association_options (struct socket *so, const WherrySctpOptions *options, GError **error)
{
  struct sctp_initmsg init = { /* RFC 6458 section 5.3.1 */
                               .sinit_num_ostreams = (guint16) options->streams,
                               .sinit_max_instreams = (guint16) options->max_incoming_streams,
                               .sinit_max_attempts = HANDSHAKE_ATTEMPTS,
                               .sinit_max_init_timeo = RTO_MAX_HANDSHAKE_MS
  };
  struct sctp_rtoinfo rto = { /* RFC 6458 section 8.1.1 */
                              .srto_assoc_id = SCTP_FUTURE_ASSOC,
                              .srto_initial = RTO_INITIAL_MS,
                              .srto_min = RTO_MIN_MS,
                              .srto_max = RTO_MAX_HANDSHAKE_MS
  };
  struct sctp_assoc_value partial = { /* RFC 7496 section 4.5 and RFC 3758 */
                                      .assoc_id = SCTP_ALL_ASSOC,
                                      .assoc_value = 1
  };
  struct sctp_paddrparams path = { .spp_flags = SPP_HB_ENABLE, .spp_hbinterval = HEARTBEAT_MS };

  return SET (so, IPPROTO_SCTP, SCTP_INITMSG, init) && SET (so, IPPROTO_SCTP, SCTP_RTOINFO, rto)
         && SET (so, IPPROTO_SCTP, SCTP_PR_SUPPORTED, partial)
         && SET (so, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, path);
}

gboolean
wherry_sctp_options_socket (struct socket *so, const WherrySctpOptions *options, GError **error)
{
  if (usrsctp_set_non_blocking (so, 1) != 0)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_FAILED,
                   "Making an SCTP socket non-blocking: %s", g_strerror (errno));
      return FALSE;
    }
  return set_socket_options (so, options, error) && set_events (so, error)
         && set_message_options (so, options, error)
         && set_association_options (so, options, error);
}

void
wherry_sctp_options_set_bundling (struct socket *so, gboolean on)
{
  int nodelay = !on;
  g_autoptr (GError) ignored = NULL;
  GError **error = &ignored;

  if (!SET (so, IPPROTO_SCTP, SCTP_NODELAY, nodelay)) /* RFC 6458 section 8.1.5 */
    wherry_debug (NULL, "%s", ignored->message);
}

gboolean
wherry_sctp_options_is_interleaving (struct socket *so)
{
  struct sctp_assoc_value i_data = { 0 };
  socklen_t length = sizeof i_data;

  /* of an association, it tells what was negotiated */
  return usrsctp_getsockopt (so, IPPROTO_SCTP, SCTP_INTERLEAVING_SUPPORTED, &i_data, &length) == 0
         && i_data.assoc_value != 0;
}

void
wherry_sctp_options_set_send_buffer (struct socket *so, gsize bytes)
{
  int send_buffer = (int) bytes;
  g_autoptr (GError) ignored = NULL;
  GError **error = &ignored;

  if (!SET (so, SOL_SOCKET, SO_SNDBUF, send_buffer))
    wherry_debug (NULL, "%s", ignored->message);
}

gboolean
wherry_sctp_options_established (struct socket *so, const struct sockaddr_conn *remote, gsize mtu,
                                 GError **error)
{
  /* RFC 8831 section 5 and RFC 8261 section 5: a path MTU that is known, not searched for: a packet
   * too large for DTLS would vanish without a word. usrsctp adds the common header on AF_CONN and
   * rounds down to 4 by itself only in part. */
  struct sctp_paddrparams path = { .spp_flags = SPP_PMTUD_DISABLE | SPP_HB_ENABLE,
                                   .spp_hbinterval = HEARTBEAT_MS,
                                   .spp_pathmaxrxt = RETRANSMISSIONS,
                                   .spp_pathmtu = (guint32) ((mtu - COMMON_HEADER) & ~(gsize) 3) };

  /* 0: as it is */
  struct sctp_rtoinfo rto = { .srto_max = WHERRY_SCTP_RTO_MAX_MS };
  struct sctp_assocparams association = { .sasoc_asocmaxrxt = RETRANSMISSIONS };

  memcpy (&path.spp_address, remote, sizeof *remote);
  return SET (so, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, path)
         && SET (so, IPPROTO_SCTP, SCTP_RTOINFO, rto)
         && SET (so, IPPROTO_SCTP, SCTP_ASSOCINFO, association);
}

void
wherry_sctp_options_set_rto_max (struct socket *so, guint ms)
{
  struct sctp_rtoinfo rto = { .srto_max = ms };
  g_autoptr (GError) error = NULL;

  if (!set_option (so, IPPROTO_SCTP, SCTP_RTOINFO, &rto, sizeof rto, "RTO.Max", &error))
    g_debug ("%s", error->message); /* the association has just ended */
}
