/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-dtls"

#include "config.h"

#include "base/wherry-lock.h"
#include "dtls/wherry-dtls-shared-certificate.h"

/* A key that gets out serves for a day; the certificate is valid for much longer. */
#define AGE_US (24 * 60 * 60 * (gint64) G_USEC_PER_SEC)

/* all zeros is a lock that needs no initialization */
static struct
{
  WherryLock lock;
  /* under the lock */
  WherryDtlsCertificate *certificate;
  gint64 made_us;
} shared;

WherryDtlsCertificate *
wherry_dtls_shared_certificate_get (WherryClock *clock, GError **error)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&shared.lock);
  gint64 now_us = wherry_clock_now_us (clock);
  WherryDtlsCertificate *made;

  if (shared.certificate != NULL && now_us - shared.made_us < AGE_US)
    return wherry_dtls_certificate_ref (shared.certificate);

  made = wherry_dtls_certificate_new (0, error);
  if (made == NULL)
    return NULL;
  g_clear_pointer (&shared.certificate, wherry_dtls_certificate_unref);
  shared.certificate = wherry_dtls_certificate_ref (made);
  shared.made_us = now_us;
  return made;
}

void
wherry_dtls_shared_certificate_forget (void)
{
  G_GNUC_UNUSED g_autoptr (WherryLocker) locker = wherry_locker_new (&shared.lock);

  g_clear_pointer (&shared.certificate, wherry_dtls_certificate_unref);
}
