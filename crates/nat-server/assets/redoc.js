// Starts Redoc.
document.body.style.margin = '0';
const page = document.getElementById('redoc');
Redoc.init(page.dataset.description, { nativeScrollbars: true }, page);
