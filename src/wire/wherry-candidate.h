/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One ICE candidate as it stands in a description or in RTCIceCandidate.candidate (RFC 8839 section
 * 5.1). Parsed strictly here, because the ICE library takes nearly anything. Thread: any. */

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  WHERRY_CANDIDATE_TRANSPORT_UDP,
  WHERRY_CANDIDATE_TRANSPORT_TCP,
} WherryCandidateTransport;

typedef enum
{
  WHERRY_CANDIDATE_TYPE_HOST,
  WHERRY_CANDIDATE_TYPE_SRFLX,
  WHERRY_CANDIDATE_TYPE_PRFLX,
  WHERRY_CANDIDATE_TYPE_RELAY,
} WherryCandidateType;

typedef enum
{
  WHERRY_CANDIDATE_TCP_NONE, /* UDP */
  WHERRY_CANDIDATE_TCP_ACTIVE,
  WHERRY_CANDIDATE_TCP_PASSIVE,
  WHERRY_CANDIDATE_TCP_SO,
} WherryCandidateTcpType;

typedef struct
{
  char *foundation; /* 1 to 32 ice-chars */
  guint component;  /* always 1: nobody needs RTCP here */
  WherryCandidateTransport transport;
  guint32 priority; /* 1 to 2^31-1 */
  char *address;    /* literal IPv4 or IPv6, or a ".local" name when is_mdns */
  gboolean is_mdns; /* not usable as it is: the peer becomes known by a peer-reflexive pair */
  guint16 port;     /* host byte order */
  WherryCandidateType type;
  char *related_address; /* NULL when not given */
  guint16 related_port;  /* 0 when not given */
  WherryCandidateTcpType tcp_type;
  char *ufrag;      /* the generation that it belongs to; NULL when not given */
  char *extensions; /* the other "name value" pairs, verbatim, in order; NULL when none */
} WherryCandidate;

/**
 * wherry_candidate_new:
 * @address: literal IPv4 or IPv6 address; copied
 * @tcp_type: NONE for UDP
 *
 * Returns: (transfer full): a candidate of component 1 without related address, for our own ones
 * Thread: any
 */
WherryCandidate *wherry_candidate_new (const char *foundation, WherryCandidateTransport transport,
                                       guint32 priority, const char *address, guint16 port,
                                       WherryCandidateType type, WherryCandidateTcpType tcp_type);

/**
 * wherry_candidate_parse:
 * @data: with or without a leading "a=" and "candidate:"; need not be NUL-terminated
 *
 * An empty string, which ends the candidates, is the caller's to see first; here it is malformed.
 * Fails with WHERRY_ERROR_PROTOCOL when malformed or out of range, WHERRY_ERROR_UNSUPPORTED when
 * well formed but of no use to us (component other than 1, transport other than UDP or TCP, a host
 * name other than .local, an unknown type), WHERRY_ERROR_LIMIT when longer than
 * WHERRY_CANDIDATE_LINE_MAX.
 *
 * Returns: (transfer full) (nullable): the candidate
 * Thread: any
 */
WherryCandidate *wherry_candidate_parse (const char *data, gsize length, GError **error);

/**
 * wherry_candidate_to_string:
 *
 * Returns: (transfer full): "candidate:…" as in RTCIceCandidate.candidate, without "a="
 * Thread: any
 */
char *wherry_candidate_to_string (const WherryCandidate *self);

WherryCandidate *wherry_candidate_copy (const WherryCandidate *self); /* Thread: any */
void wherry_candidate_free (WherryCandidate *self);                   /* Thread: any */

/* "udp", "host", "passive" ("" for NONE): static strings. Thread: any */
const char *wherry_candidate_transport_to_string (WherryCandidateTransport transport);
const char *wherry_candidate_type_to_string (WherryCandidateType type);
const char *wherry_candidate_tcp_type_to_string (WherryCandidateTcpType tcp_type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryCandidate, wherry_candidate_free)

G_END_DECLS
