# In the folder above: gnuplot -e "load 'src/light.gp'" src/cost_psnr_gmacs_g1.gp (after set terminal ...)
data = 'src/cost_psnr_gmacs_g1.csv'
set lmargin at screen 0.16666666666666666
set rmargin at screen 0.9571428571428572
set tmargin at screen 0.8121212121212121
set bmargin at screen 0.1393939393939394
set xrange [0.43098112:11.3951408128]
set yrange [31.95454361198439:59.86040915388282]
set label 'GMACs of the denoiser per sample (matmuls)' at screen 0.56190,0.03333 center font ',12' textcolor rgb ink
set label 'PSNR (dB), higher is better' at screen 0.02619,0.47576 center rotate by 90 font ',12' textcolor rgb ink
set arrow from 10.774528, graph 0 to 10.774528, graph 1 nohead linecolor rgb muted dashtype 3 back
set label 'full steps' at 10.774528, graph 0.02 rotate by 90 left offset character -1,0 font ',10' textcolor rgb muted
set label '10 steps' at screen 0.30643,0.16633 left font ',10' textcolor rgb c1 front
set label '15 steps' at screen 0.24268,0.33022 left font ',10' textcolor rgb c1 front
set label '20 steps' at screen 0.32036,0.46582 left font ',10' textcolor rgb c1 front
set label '40 steps' at screen 0.77251,0.75374 left font ',10' textcolor rgb c1 front
set label 'N=5' at screen 0.28144,0.25332 left font ',10' textcolor rgb c2 front
set label 'N=3' at screen 0.38190,0.41128 left font ',10' textcolor rgb c2 front
set label 'N=2' at screen 0.49671,0.58819 left font ',10' textcolor rgb c2 front
set label 'δ=0.005, Cmax=2' at screen 0.62888,0.60066 left font ',10' textcolor rgb c3 front
set label 'skips=25' at screen 0.39804,0.54209 left font ',10' textcolor rgb c4 front
set label 'skips=15' at screen 0.55341,0.73008 left font ',10' textcolor rgb c4 front
$front << END
2.1549056,34.54263633013044
2.81223168,36.680545131718894
3.2323584,38.399710763425645
3.9747233792,38.509111369553246
4.205633536,43.23265848997506
4.3098112,44.02469557093233
5.1060488192,44.291952358218595
5.268744192,45.4263490193619
5.387264,48.658876388010626
5.7980928,49.10074981797866
6.627412172800001,51.08861382641668
7.5421696,56.457382863682774
8.6196224,57.43863196878068
END
unset key
set arrow from screen 0.03333,0.96364 to screen 0.07619,0.96364 nohead linecolor rgb muted linewidth 1.2 dashtype 2
set label 'Pareto front' at screen 0.09048,0.96364 left font ',11' textcolor rgb ink
set label '' at screen 0.53095,0.96364 point pointtype 7 pointsize 0.8 linecolor rgb c1
set label 'fewer steps' at screen 0.56667,0.96364 left font ',11' textcolor rgb ink
set label '' at screen 0.05476,0.91515 point pointtype 5 pointsize 0.8 linecolor rgb c2
set label 'DeepCache' at screen 0.09048,0.91515 left font ',11' textcolor rgb ink
set label '' at screen 0.53095,0.91515 point pointtype 9 pointsize 0.8 linecolor rgb c3
set label 'AdaptiveDiffusion' at screen 0.56667,0.91515 left font ',11' textcolor rgb ink
set label '' at screen 0.05476,0.86667 point pointtype 13 pointsize 0.8 linecolor rgb c4
set label 'fixed path' at screen 0.09048,0.86667 left font ',11' textcolor rgb ink
plot $front using 1:2 with lines linecolor rgb muted linewidth 1.2 dashtype 2 notitle, \
  data using ($1==0?$2:NaN):5 with lines linecolor rgb c1 linewidth 1 notitle, \
  data using ($1==0?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c1 linewidth 1 notitle, \
  data using ($1==0?$2:NaN):5 with points linecolor rgb c1 pointtype 7 pointsize 0.8 notitle, \
  data using ($1==1?$2:NaN):5 with lines linecolor rgb c2 linewidth 1 notitle, \
  data using ($1==1?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c2 linewidth 1 notitle, \
  data using ($1==1?$2:NaN):5 with points linecolor rgb c2 pointtype 5 pointsize 0.8 notitle, \
  data using ($1==2?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c3 linewidth 1 notitle, \
  data using ($1==2?$2:NaN):5 with points linecolor rgb c3 pointtype 9 pointsize 0.8 notitle, \
  data using ($1==3?$2:NaN):5 with lines linecolor rgb c4 linewidth 1 notitle, \
  data using ($1==3?$2:NaN):6:(0):($7-$6) with vectors nohead linecolor rgb c4 linewidth 1 notitle, \
  data using ($1==3?$2:NaN):5 with points linecolor rgb c4 pointtype 13 pointsize 0.8 notitle
