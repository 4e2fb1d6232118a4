import 'tidings';
import { createSSRApp } from 'vue';
import App from './App.vue';

const start = JSON.parse(document.querySelector('#start').textContent);
createSSRApp(App, { start }).mount('#app');
