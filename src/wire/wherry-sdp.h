/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Session descriptions: the subset that data channels need (RFC 8866, 8829, 8839, 8841, 8842).
 * Plain structs and pure functions: no I/O, no clock. Thread: any, one at a time. */

#include <glib.h>

#include "wire/wherry-candidate.h"
#include "wire/wherry-fingerprint.h"

G_BEGIN_DECLS

typedef enum
{
  WHERRY_SDP_OFFER,
  WHERRY_SDP_PRANSWER,
  WHERRY_SDP_ANSWER,
  WHERRY_SDP_ROLLBACK, /* carries no description: never in a WherrySdp */
} WherrySdpType;

typedef enum
{
  WHERRY_SDP_SETUP_NONE, /* absent */
  WHERRY_SDP_SETUP_ACTPASS,
  WHERRY_SDP_SETUP_ACTIVE,
  WHERRY_SDP_SETUP_PASSIVE,
  WHERRY_SDP_SETUP_HOLDCONN,
} WherrySdpSetup;

typedef enum
{
  WHERRY_SDP_ICE_OPTIONS_NONE = 0,
  WHERRY_SDP_ICE_OPTIONS_TRICKLE = 1 << 0,      /* RFC 8838 */
  WHERRY_SDP_ICE_OPTIONS_ICE2 = 1 << 1,         /* RFC 8445 */
  WHERRY_SDP_ICE_OPTIONS_RENOMINATION = 1 << 2, /* draft-thatcher-ice-renomination */
} WherrySdpIceOptions;

/* One m-line. An answer repeats all of the offer's, in order (RFC 3264 section 6). */
typedef struct
{
  char *kind; /* "application", "audio", … */
  guint
      port; /* 0 = rejected, or bundle-only in an offer; 9 = known later (RFC 8840 section 4.1.1) */
  char *proto;   /* "UDP/DTLS/SCTP", "UDP/TLS/RTP/SAVPF", … */
  char *formats; /* what follows proto, verbatim */
  char *mid;     /* NULL when absent */
  gboolean bundle_only;
} WherrySdpMedia;

typedef struct
{
  WherrySdpType type;
  guint64 session_id;
  guint64 session_version;

  GPtrArray *media;  /* (element-type WherrySdpMedia): every m-line, at least one */
  guint index;       /* of the data channels' m-line in media (sdpMLineIndex) */
  gboolean rejected; /* the data section has port 0; nothing of what follows is told */
  GStrv bundle;      /* mids of the BUNDLE group that ours is in; NULL when in none */

  char *ice_ufrag; /* 4 to 256 ice-chars */
  char *ice_pwd;   /* 22 to 256 ice-chars; a secret: never logged */
  WherrySdpIceOptions ice_options;
  gboolean ice_lite;
  GPtrArray *candidates; /* (element-type WherryCandidate): valid ones; .local ones too, flagged */
  guint bad_candidates;  /* skipped: malformed, or of a kind that we cannot use. Not written */
  gboolean end_of_candidates;

  GArray *fingerprints; /* (element-type WherryFingerprint): at least one, SHA-256 or stronger */
  WherrySdpSetup setup;
  char *tls_id; /* NULL when absent (RFC 8842) */

  gboolean old_form; /* "DTLS/SCTP 5000" with a=sctpmap, as before RFC 8841 */
  guint16 sctp_port;
  guint sctp_streams; /* a=sctpmap's; 0 when not told */
  gboolean has_max_message_size;
  guint64 max_message_size; /* as written: 0 = any size. See wherry_sdp_get_max_message_size() */
} WherrySdp;

/* What we put into a description of our own. Nothing is kept: all is copied. */
typedef struct
{
  guint64 session_id; /* below 2^63 (RFC 8829 section 5.2.1); the same for a connection's life */
  guint64 session_version; /* one more for each changed description */
  const char *ice_ufrag;
  const char *ice_pwd;
  const WherryFingerprint *fingerprint;
  guint16 sctp_port;        /* 0 = 5000 */
  guint64 max_message_size; /* 0 = WHERRY_MAX_MESSAGE_SIZE_DEFAULT */
} WherrySdpLocal;

/**
 * wherry_sdp_type_from_string:
 * @string: "offer", "pranswer", "answer" or "rollback", as in RTCSdpType
 *
 * Returns: FALSE when it is none of them
 * Thread: any
 */
gboolean wherry_sdp_type_from_string (const char *string, WherrySdpType *type);
const char *wherry_sdp_type_to_string (WherrySdpType type); /* static. Thread: any */

/**
 * wherry_sdp_parse:
 * @type: what the message that carried it said; ROLLBACK is WHERRY_ERROR_INVALID_ARGUMENT
 * @data: need not be NUL-terminated; lines end in CRLF or LF
 *
 * Takes the first m=application line that is DTLS/SCTP and not rejected. What the media section
 * does not say is looked for at the session level, then in the section that carries the BUNDLE
 * group's transport (RFC 8843). Candidate lines that do not parse are counted and skipped.
 *
 * Either side may reject the data section (port 0): @rejected, with nothing but the m-lines.
 *
 * Fails with WHERRY_ERROR_PROTOCOL when malformed, when ICE credentials, the fingerprint or the
 * data section are missing, or when a=setup does not suit @type; WHERRY_ERROR_UNSUPPORTED when no
 * fingerprint is strong enough, or the section is of a kind that we do not speak;
 * WHERRY_ERROR_LIMIT over WHERRY_SDP_MAX, WHERRY_SDP_LINES_MAX or WHERRY_CANDIDATES_MAX. Messages
 * name the line and never repeat what it holds.
 *
 * Returns: (transfer full) (nullable): the description
 * Thread: any
 */
WherrySdp *wherry_sdp_parse (WherrySdpType type, const char *data, gsize length, GError **error);

/**
 * wherry_sdp_to_string:
 *
 * Parsing the result gives @self again (bad_candidates apart, which becomes 0).
 *
 * Returns: (transfer full): the description, lines ending in CRLF
 * Thread: any
 */
char *wherry_sdp_to_string (const WherrySdp *self);

/**
 * wherry_sdp_new_offer:
 *
 * An offer of one data section, mid "0", bundled, trickling, actpass, port 9, no candidates. To
 * offer again on a connection, copy the last local description and change what changed (type,
 * session_version, setup to actpass, ICE credentials), so that the m-lines stay as they were.
 *
 * Returns: (transfer full): the offer
 * Thread: any
 */
WherrySdp *wherry_sdp_new_offer (const WherrySdpLocal *local);

/**
 * wherry_sdp_new_answer:
 * @offer: the peer's
 *
 * An answer with the offer's m-lines in order, all but the data section rejected (port 0) or, for
 * the RTP section that carries our bundle's transport, kept inactive; the offer's mid and form (old
 * or new), and the DTLS role that it leaves to us: active unless it said active, so that the
 * ClientHello is ours: GnuTLS waits for a retransmission when a browser's comes in two records out
 * of order. What the offer rejects, the answer does too (RFC 8829 section 5.3.1).
 * WHERRY_ERROR_UNSUPPORTED when the offer holds the connection (a=setup:holdconn).
 *
 * Returns: (transfer full) (nullable): the answer
 * Thread: any
 */
WherrySdp *wherry_sdp_new_answer (const WherrySdp *offer, const WherrySdpLocal *local,
                                  GError **error);

/**
 * wherry_sdp_check_answer:
 *
 * Whether @answer, a PRANSWER or ANSWER, answers our @offer: as many m-lines, the data section at
 * the same place with the same mid and form (RFC 3264 section 6). Fails with WHERRY_ERROR_PROTOCOL.
 *
 * Thread: any
 */
gboolean wherry_sdp_check_answer (const WherrySdp *offer, const WherrySdp *answer, GError **error);

/**
 * wherry_sdp_get_mid:
 *
 * Returns: (nullable): the data section's mid; owned by @self
 * Thread: any
 */
const char *wherry_sdp_get_mid (const WherrySdp *self);

/**
 * wherry_sdp_get_max_message_size:
 *
 * Returns: the largest message, in bytes, that the describing side takes: 64 KiB when it did not
 *   say, G_MAXUINT64 when it said 0 (RFC 8841 section 6.1)
 * Thread: any
 */
guint64 wherry_sdp_get_max_message_size (const WherrySdp *self);

/**
 * wherry_sdp_get_candidate_target:
 * @mid: (out) (nullable): the sdpMid; NULL when the section has none; owned by @self
 * @index: (out) (nullable): the sdpMLineIndex
 *
 * The section that the candidates of the side that @self describes belong to, as they are trickled:
 * the data section, or in an answer the one that carries its bundle's transport (RFC 8843 section
 * 10.1; Chromium ignores candidates for any other).
 *
 * Thread: any
 */
void wherry_sdp_get_candidate_target (const WherrySdp *self, const char **mid, guint *index);

/**
 * wherry_sdp_owns_candidate:
 * @mid: (nullable): the sdpMid that came with a trickled candidate
 * @index: its sdpMLineIndex, or -1; looked at only without @mid
 *
 * Whether the candidate is for the data section: it names it, or another section of its BUNDLE
 * group (browsers with media trickle for the first one), or nothing at all.
 *
 * Thread: any
 */
gboolean wherry_sdp_owns_candidate (const WherrySdp *self, const char *mid, int index);

WherrySdp *wherry_sdp_copy (const WherrySdp *self); /* Thread: any */
void wherry_sdp_free (WherrySdp *self);             /* Thread: any */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherrySdp, wherry_sdp_free)

G_END_DECLS
