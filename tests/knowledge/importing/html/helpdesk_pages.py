# ruff: noqa: E501 - pages are written as their sites write them
"""Pages in the style of each helpdesk and site builder, around a title and the HTML of an article."""

ADDRESS = "https://help.acme.example/en/articles/12-move-house"


def intercom(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/><title>{title} | Birch Help Center</title>
<meta property="og:title" content="{title} | Birch Help Center"/><meta property="og:url" content="{ADDRESS}"/>
<link rel="canonical" href="{ADDRESS}"/><script type="application/ld+json">{{"@type":"FAQPage"}}</script></head>
<body class=""><div id="__next"><div class="flex min-h-full flex-col">
<header class="jsx-1 header z-header"><a href="/en/"><img alt="Birch Help Center" src="/logo.png"></a>
<form action="/en/"><input type="text" placeholder="Search for articles..."></form>
<div class="header__links"><a href="https://acme.example">Go to Birch</a><button>English</button></div></header>
<main><div class="jsx-2 article-wrapper"><div class="breadcrumb" dir="ltr"><a href="/en/">All Collections</a>
<div class="pr-1"><svg></svg></div><a href="/en/collections/1">Your account</a><div class="px-1">{title}</div></div>
<div class="article intercom-force-break"><div class="mb-10"><h1 class="font-primary text-2xl">{title}</h1>
<div class="avatar"><div class="avatar__photo"><img alt="Mona avatar" src="/mona.png"></div>
<div class="avatar__info"><span>Written by Mona Field</span><div>Updated over a week ago</div></div></div></div>
<div class="jsx-3 toc"><div class="toc-title">Table of contents</div><a href="#h_1">First</a></div>
<div class="article_body"><article dir="ltr">{body}
<section class="jsx-4 related_articles my-6"><hr><h3>Related Articles</h3><ul><li><a href="/en/articles/9-bills">
Read your bill</a></li></ul></section></article></div></div>
<div class="intercom-reaction-picker" dir="ltr"><div class="intercom-reaction-prompt">Did this answer your question?</div>
<button class="intercom-reaction"><span title="Disappointed">😞</span></button>
<button class="intercom-reaction"><span>😐</span></button><button><span>😃</span></button></div></div></main>
<footer id="footer"><a href="https://acme.example">Birch</a><div>We run on Intercom</div></footer></div></div></body></html>"""


def zendesk(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html dir="ltr" lang="en-us"><head><meta charset="utf-8" />
<title>{title} &ndash; Birch Help Center</title><link rel="canonical" href="{ADDRESS}">
<meta property="og:site_name" content="Birch Help Center"/><meta property="og:title" content="{title}"/>
<script>HelpCenter = {{}};</script></head><body class="">
<a class="skip-navigation" tabindex="1" href="#main-content">Skip to main content</a>
<header class="header"><div class="logo"><a href="/hc/en-us">Birch</a></div><nav class="user-nav"><ul><li>
<a href="/hc/en-us/requests/new">Submit a request</a></li></ul></nav></header>
<main role="main"><div class="container"><div class="sub-nav"><nav aria-label="Current location">
<ol class="breadcrumbs"><li title="Birch"><a href="/hc">Birch</a></li><li><a href="/s">Moving</a></li></ol></nav>
<div class="search-container"><form role="search" class="search"><input type="search"></form></div></div>
<div class="article-container" id="article-container"><aside class="article-sidebar"><div class="collapsible-sidebar">
<button class="collapsible-sidebar-toggle"></button><span class="collapsible-sidebar-title">Articles in this section</span>
<ul><li><a href="/a" class="sidenav-item">Read your bill</a></li></ul></div></aside>
<article id="main-content" class="article"><header class="article-header"><h1 class="article-title">{title}</h1>
<div class="article-author"><div class="avatar article-avatar"><img src="/mona.png" alt=""></div><div class="article-meta">
<a href="/p/1">Mona Field</a><ul class="meta-group"><li class="meta-data"><time datetime="2023-05-02">3 months ago</time>
</li><li class="meta-data">Updated</li></ul></div></div><button class="article-subscribe">Follow</button></header>
<section class="article-info"><div class="article-content"><div class="article-body">{body}</div>
<div class="article-attachments"><ul class="attachments"></ul></div></div></section>
<footer><div class="article-footer"><div class="article-share"><ul class="share"><li><a href="https://fb.example">
Facebook</a></li></ul></div></div><div class="article-votes"><span class="article-votes-question">Was this article
helpful?</span><div role="group"><button>Yes</button><button>No</button></div><small class="article-votes-count">
<span class="article-vote-label">12 out of 15 found this helpful</span></small></div><div class="article-more-questions">
Have more questions? <a href="/hc/en-us/requests/new">Submit a request</a></div><div class="article-return-to-top">
<a href="#article-container">Return to top</a></div></footer>
<div class="article-relatives"><section class="related-articles"><h2>Related articles</h2><ul><li><a href="/b">Pay</a>
</li></ul></section></div><div class="article-comments"><section class="comments"><h2>Comments</h2><p>0 comments</p>
<p class="comment-callout">Please <a rel="nofollow" href="/in">sign in</a> to leave a comment.</p></section></div></article>
</div></div></main><footer class="footer"><a href="/hc">Birch</a></footer></body></html>"""


def help_scout(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>{title} - Birch Knowledge Base</title>
<meta property="og:site_name" content="Birch Knowledge Base"><meta property="og:url" content="{ADDRESS}"></head><body>
<header id="mainNav" class="navbar"><a class="brand" href="/"><span>Birch</span></a><nav><ul class="nav"><li>
<a href="/">Home</a></li><li id="contact"><a href="#" class="contactUs">Contact</a></li></ul></nav></header>
<section id="contentArea" class="container-fluid"><section id="main-content" class="span9"><div class="contentWrapper">
<article id="fullArticle"><h1 class="title">{title}</h1>
<a href="javascript:window.print()" class="printArticle" title="Print this article"><i class="icon-print"></i></a>
{body}</article><section class="articleRatings"><span class="articleRatings-question">Did this answer your
question?</span><span class="articleRatings-feedback"><span class="articleRatings-feedback-message">Thanks for the
feedback</span><span>There was a problem submitting your feedback. Please try again later.</span></span>
<button class="rateAction">Yes</button><button class="rateAction">No</button></section>
<section class="related"><h3>Related Articles</h3><ul><li><a href="/article/2-bills"><span>Read your bill</span></a></li>
</ul></section><p class="articleFooter"><span class="help">Still need help? <a id="sbContact" href="#">Contact Us</a></span>
<time class="lu" datetime="2023-05-03">Last updated on May 3, 2023</time></p></div></section>
<aside id="sidebar" class="span3"><form action="/search"><input name="query"></form><h3>Categories</h3>
<ul class="nav nav-list"><li class="active"><a href="/category/1">Moving <i></i></a></li></ul></aside></section>
<div id="noResults" style="display:none;">No results found</div>
<footer>© <a href="https://acme.example">Birch</a> 2023. <span>Powered by <a>Help Scout</a></span></footer></body></html>"""


def freshdesk(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en" dir="ltr"><head><title>{title} : Birch</title>
<meta property="og:title" content="{title}" /><meta property="og:url" content="{ADDRESS}" /></head>
<body class="portal-2047"><header class="banner"><div class="banner-wrapper page"><div class="banner-title">
<a class="portal-logo" href="/"><img alt="Logo" src="/logo.png"></a><h1 class="ellipsis heading">Birch Support</h1></div>
<nav class="banner-nav"><div class="welcome">Welcome <b></b></div><a href="/support/login"><b>Login</b></a></nav></div>
</header><div class="page"><section class="help-center rounded-6"><div class="hc-search"><form><h2>How can we help you
today?</h2><input></form></div></section><div class="main"><section class="content rounded-6 main-content" id="sc">
<div class="breadcrumb"><a href="/support/solutions"> Solution home </a><a href="/f">Moving</a></div>
<b class="page-stamp"><b class="icon-page-article"></b></b><h2 class="heading">{title}
<a href="javascript:print();" class="icon-print solution-print--icon" title="Print this Article"><span>Print</span></a></h2>
<p>Modified on: Tue, 2 May, 2023 at 10:33 AM</p><hr /><article class="article-body" id="article-body">{body}</article>
<hr/><p class="article-vote" id="voting-container"><span id="article-voting">Did you find it helpful?
<span class="vote-up-container"><a href="/up">Yes</a></span> <span><a href="/down">No</a></span></span></p>
<a class="hide a-link" id="vote-feedback-form-link" href="/f">Send feedback</a><div id="vote-feedback-form-container">
<div class="inquire">Sorry we couldn't be helpful. Help us improve this article with your feedback.</div></div></section>
<section class="sidebar content rounded-6 fc-related-articles"><h3 class="list-lead">Related Articles</h3><ul><li>
<a href="/b">Read your bill</a></li></ul></section></div></div><footer class="footer"><a href="/">Home</a></footer>
</body></html>"""


def crisp(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en" dir="ltr"><head><title>{title} | Birch Helpdesk</title>
<meta property="og:title" content="{title} | Birch Helpdesk"><link rel="canonical" href="{ADDRESS}"></head><body>
<header role="banner"><div class="csh-wrapper"><a href="/en/" class="csh-header-main-logo"><img alt="" src="/l.png"></a>
<form action="/en/includes/search/" role="search" class="csh-header-search"><input></form></div></header>
<div id="body"><div class="csh-wrapper csh-wrapper-full"><div class="csh-article"><aside role="complementary">
<div class="csh-aside"><div class="csh-article-category csh-navigation"><p class="csh-aside-title">Moving</p><ul>
<li><a href="/a">Read your bill</a></li></ul><a href="/en/" class="csh-navigation-back">Go Back to Articles</a></div></div>
</aside><div role="main" class="csh-article-content csh-article-content-split"><article class="csh-text-wrap">
<div role="heading" class="csh-article-content-header"><span class="csh-article-content-header-metas">Articles on:
<a href="/c">Moving</a></span><h1 class="csh-font-sans-bold">{title}</h1></div>
<div role="article" class="csh-article-content-text csh-article-content-text-large">{body}
<p class="csh-article-content-updated csh-text-wrap">Updated on: 12/03/2023</p></div></article>
<section class="csh-article-rate"><div class="csh-article-rate-ask"><p class="csh-article-rate-title">Was this article
helpful?</p><ul><li><a role="button">Yes</a></li><li><a role="button">No</a></li></ul></div>
<div class="csh-article-rate-feedback-wrap"><form><p>Share your feedback</p><textarea></textarea></form></div>
<div class="csh-article-rate-thanks"><p>Thank you!</p></div></section></div></div></div></div>
<footer role="contentinfo"><p>This site uses the Crisp knowledge base</p></footer></body></html>"""


def gitbook(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en"><head><title>{title} | Birch Docs</title>
<link rel="canonical" href="{ADDRESS}"/></head><body><div class="scroll-nojump"><header id="site-header">
<a href="/">Birch Docs</a><button>Ask or search…</button></header><div class="lg:flex">
<aside class="relative group/table-of-contents" data-testid="table-of-contents"><ul><li><a href="/a">Read your bill</a></li>
<li><a href="/b">{title}</a></li></ul></aside><div class="flex-1"><main class="flex-1 max-w-screen-2xl">
<header class="max-w-3xl mx-auto mb-6"><nav><ol><li><a href="/m">Moving</a></li></ol></nav>
<h1 class="text-4xl font-bold">{title}</h1></header><div class="grid">{body}</div>
<div class="flex flex-row mt-6 gap-2 max-w-3xl"><a class="group flex" href="/a"><span class="flex flex-col"><span>Previous
</span><span>Read your bill</span></span></a><a class="group flex" href="/c"><span><span>Next</span><span>Pay</span></span>
</a></div><div class="flex max-w-3xl items-baseline"><p class="text-sm">Last updated <span>3 months ago</span></p><div>
<p class="text-sm">Was this helpful?</p><div role="radiogroup"><button>☹</button></div></div></div></main></div>
<aside class="order-last"><div>On this page</div><ul><li><a href="#x">x</a></li></ul></aside></div></div></body></html>"""


def docusaurus(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="en" dir="ltr" class="docs-wrapper plugin-docs"><head><title>{title} | Birch</title>
<meta data-rh="true" property="og:title" content="{title} | Birch"><link data-rh="true" rel="canonical" href="{ADDRESS}">
</head><body class="navigation-with-keyboard"><div role="region" aria-label="Skip to main content">
<a class="skipToContent_fXgn" href="#main">Skip to main content</a></div><nav aria-label="Main" class="navbar">
<a href="/">Birch</a></nav><div id="main" class="main-wrapper mainWrapper_z2l0"><div class="docsWrapper_hBAB">
<div class="docRoot_UBD9"><aside class="theme-doc-sidebar-container"><ul><li><a href="/a">Read your bill</a></li></ul>
</aside><main class="docMainContainer_TBSr"><div class="row"><div class="col docItemCol_VOVn"><article>
<nav class="theme-doc-breadcrumbs" aria-label="Breadcrumbs"><ul class="breadcrumbs"><li>Moving</li></ul></nav>
<div class="tocCollapsible_ETCw theme-doc-toc-mobile"><button>On this page</button></div>
<div class="theme-doc-markdown markdown"><header><h1>{title}</h1></header>{body}</div>
<footer class="theme-doc-footer"><a href="https://g.example" class="theme-edit-this-page">Edit this page</a>
<span class="theme-last-updated">Last updated on <b><time>May 3, 2023</time></b></span></footer></article>
<nav class="pagination-nav" aria-label="Docs pages"><a href="/c"><div>Next</div><div>Pay »</div></a></nav></div>
<div class="col col--3"><div class="tableOfContents_bqdL theme-doc-toc-desktop"><ul class="table-of-contents"><li>
<a href="#x">x</a></li></ul></div></div></div></main></div></div></div><footer class="theme-layout-footer footer">
<div>Copyright © 2023 Birch</div></footer></body></html>"""


def by_hand(title: str, body: str) -> str:
    return f"""<HTML><HEAD><TITLE>{title}</TITLE><LINK REL=canonical HREF="{ADDRESS}"></HEAD>
<BODY BGCOLOR=white><DIV ID=menu CLASS=navigation><A HREF=index.html>Home</A> | <A HREF=faq.html>Questions</A></DIV>
<CENTER><H1>{title}</H1></CENTER>
{body}
<HR><P>Last updated: 3 May 2009<P><FONT SIZE=1>&copy; 2009 Birch Ltd. All rights reserved.</FONT></BODY></HTML>"""


PAGES = (intercom, zendesk, help_scout, freshdesk, crisp, gitbook, docusaurus, by_hand)
